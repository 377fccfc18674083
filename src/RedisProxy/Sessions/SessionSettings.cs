using RedisProxy.Configuration;
using RedisProxy.EventLoops;
using RedisProxy.Tls;

namespace RedisProxy.Sessions;

/// <summary>The parts of the configuration that sessions of one listener need, in the units of the loops.</summary>
internal sealed class SessionSettings
{
    /// <summary>Requests that a client may have in flight; then its input waits. Bounds the memory of a client that never reads.</summary>
    public const int MaxPendingRequests = 256 * 1024;

    public SessionSettings(ProxyOptions options, ListenerOptions listener)
    {
        ListenerName = listener.Name;
        MaxSessions = listener.MaxSessions;
        HasSentinel = options.Sentinel is not null;
        ClientTcp = ToTcpSettings(options.Client.KeepAlive, options.Client.UserTimeout);
        BackendTcp = ToTcpSettings(options.Backend.KeepAlive, options.Backend.UserTimeout);
        ConnectTimeoutMs = (int)options.Backend.ConnectTimeout.TotalMilliseconds;
        Addresses = options.Client.MaxSessionsPerAddress > 0 ? new AddressQuota(options.Client.MaxSessionsPerAddress) : null;
        HoldTimeoutMs = (int)options.Hold.Timeout.TotalMilliseconds;
        MaxReplayBytes = options.Replay.MaxBytesPerSession;
        ResendsReads = options.Replay.Reads;
        ResendsBlocking = options.Replay.Blocking;
        Resubscribes = listener.PubSub == PubSubAction.Resubscribe;
        DisconnectsOnUnknownOutcome = options.Replay.OnUnknownOutcome == UnknownOutcomeAction.Disconnect;
        Replies = new SyntheticReplies(options.Replay.NotExecutedCode, listener.Master ?? listener.Name);
    }

    public string ListenerName { get; }

    public int MaxSessions { get; }

    /// <summary>Without Sentinel there is no other master to send a rejected request to, so its error is the client's.</summary>
    public bool HasSentinel { get; }

    public TcpSettings ClientTcp { get; }

    public TcpSettings BackendTcp { get; }

    /// <summary>Null: clients connect in plain text.</summary>
    public ServerTls? ClientTls { get; init; }

    /// <summary>With TLS: clients that one loop greets at once.</summary>
    public int MaxHandshakes { get; init; } = 1;

    /// <summary>Null: masters are connected to in plain text.</summary>
    public PeerTls? BackendTls { get; init; }

    public int ConnectTimeoutMs { get; }

    /// <summary>Null: an address may have as many sessions as the listener.</summary>
    public AddressQuota? Addresses { get; }

    public int HoldTimeoutMs { get; }

    public int MaxReplayBytes { get; }

    public bool ResendsReads { get; }

    public bool ResendsBlocking { get; }

    public bool Resubscribes { get; }

    public bool DisconnectsOnUnknownOutcome { get; }

    public SyntheticReplies Replies { get; }

    private static TcpSettings ToTcpSettings(KeepAliveOptions keepAlive, TimeSpan userTimeout) => new(
        (int)keepAlive.Time.TotalSeconds,
        (int)keepAlive.Interval.TotalSeconds,
        keepAlive.Retries,
        (int)userTimeout.TotalMilliseconds);
}
