using System.Globalization;
using System.Text;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>A server or a Sentinel.</summary>
/// <param name="Resource">The process or the container that it is.</param>
/// <param name="Host">Where the others find it.</param>
/// <param name="Port">Where the others find it.</param>
/// <param name="IsSentinel">Whether it watches, or has data.</param>
internal sealed record RedisNode(IResourceWithEndpoints Resource, string Host, int Port, bool IsSentinel)
{
    public EndpointReference Endpoint => new(Resource, RedisSentinelResource.EndpointName);

    /// <summary>Where the others find it.</summary>
    public string Address => string.Create(CultureInfo.InvariantCulture, $"{Host}:{Port}");

    /// <summary>Where this process, the app host, finds it.</summary>
    public ValueTask<string?> ResolveAsync(CancellationToken cancellation) =>
        RedisSentinelResource.AddressOf(Endpoint).GetValueAsync(cancellation);
}

/// <summary>What is in their configuration files, which both kinds rewrite: a server that was replaced starts again as a replica.</summary>
internal static class RedisNodeConfiguration
{
    /// <summary>So long an application waits in a crash, in development. Sentinel's default is 30 s.</summary>
    private const int DownAfterMilliseconds = 2000;

    public static string OfServer(string host, int port, string bind, RedisNode? master)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"port {port}\nbind {bind}\nprotected-mode no\n");
        text.Append("# Nothing is kept when the application ends.\nsave \"\"\nappendonly no\n");
        text.Append(CultureInfo.InvariantCulture, $"replica-announce-ip {host}\n");
        if (master is not null)
        {
            text.Append(CultureInfo.InvariantCulture, $"replicaof {master.Host} {master.Port}\n");
        }

        return text.ToString();
    }

    /// <param name="masterName">The name that a Sentinel has for the servers; null for a server.</param>
    /// <param name="password">Of the servers; Sentinels themselves ask for none.</param>
    public static string OfPassword(string? masterName, string password) => masterName is null
        ? $"requirepass {password}\nmasterauth {password}\n"
        : $"sentinel auth-pass {masterName} {password}\n";

    public static string OfSentinel(string host, int port, string bind, RedisNode master, string masterName, int quorum)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"port {port}\nbind {bind}\nprotected-mode no\n");
        text.Append("sentinel resolve-hostnames yes\nsentinel announce-hostnames yes\n");
        text.Append(CultureInfo.InvariantCulture, $"sentinel announce-ip {host}\n");
        text.Append(CultureInfo.InvariantCulture, $"sentinel monitor {masterName} {master.Host} {master.Port} {quorum}\n");
        text.Append(CultureInfo.InvariantCulture, $"sentinel down-after-milliseconds {masterName} {DownAfterMilliseconds}\n");
        text.Append(CultureInfo.InvariantCulture, $"sentinel failover-timeout {masterName} {5 * DownAfterMilliseconds}\n");
        return text.ToString();
    }
}
