using System.Net;
using System.Net.Sockets;

using Microsoft.Extensions.Logging;

using RedisProxy.Transport;

namespace RedisProxy.Servers;

/// <summary>Looks up the addresses of a host name.</summary>
internal delegate Task<IPAddress[]> ResolveHost(string host, CancellationToken stop);

/// <summary>The environment of every object of this layer.</summary>
internal sealed record TopologyContext(TimeProvider Time, ILoggerFactory Loggers)
{
    /// <summary>TLS to masters; null: plain text.</summary>
    public PeerTls? BackendTls { get; init; }

    /// <summary>TLS to Sentinels; null: plain text.</summary>
    public PeerTls? SentinelTls { get; init; }

    public ResolveHost Resolve { get; init; } = Dns.GetHostAddressesAsync;

    /// <summary>Servers are bound to IPv4 addresses more often than to IPv6 ones, and localhost has both.</summary>
    public static IPAddress? Choose(IPAddress[] found) =>
        found.OrderBy(address => address.AddressFamily == AddressFamily.InterNetwork ? 0 : 1).FirstOrDefault();

    /// <summary>One DNS lookup; null when the name is unknown now. Permanent connections use <see cref="NameResolver"/>.</summary>
    public async Task<IPAddress?> FindAddressAsync(string host, CancellationToken stop)
    {
        try
        {
            return IPAddress.TryParse(host, out IPAddress? literal) ? literal : Choose(await Resolve(host, stop));
        }
        catch (SocketException)
        {
            return null;
        }
    }
}
