using RedisProxy.Configuration;
using RedisProxy.Servers;

namespace RedisProxy.Topology;

/// <summary>How Sentinels are reached: credentials, limits, the world around.</summary>
internal sealed record SentinelAccess(SentinelOptions Options, SocketSettings Socket, TopologyContext Context)
{
    private static readonly TimeSpan MinAnswerTimeout = TimeSpan.FromSeconds(1);

    /// <summary>Kept alive like every other connection; Sentinels close no idle connections and send no keep-alive by default.</summary>
    private static readonly TimeSpan UserTimeout = TimeSpan.FromSeconds(30);

    /// <summary>A Sentinel that does not answer for this long is behind a half-open connection.</summary>
    public TimeSpan AnswerTimeout { get; init; } =
        Options.PollInterval * 3 > MinAnswerTimeout ? Options.PollInterval * 3 : MinAnswerTimeout;

    /// <summary>The access that these options describe.</summary>
    public static SentinelAccess Of(SentinelOptions sentinel, BackendOptions backend, TopologyContext context) =>
        new(
            sentinel,
            new SocketSettings(backend.ConnectTimeout, new KeepAliveOptions(), UserTimeout) { Tls = context.SentinelTls },
            context);

    public ServerGreeting Greeting => new(Options.Username, Options.Password, "redisproxy");
}
