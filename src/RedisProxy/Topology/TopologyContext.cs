using System.Net;

using Microsoft.Extensions.Logging;

namespace RedisProxy.Topology;

/// <summary>Looks up the addresses of a host name.</summary>
internal delegate Task<IPAddress[]> ResolveHost(string host, CancellationToken stop);

/// <summary>What every object of this layer needs of the world.</summary>
internal sealed record TopologyContext(TimeProvider Time, ILoggerFactory Loggers)
{
    public ResolveHost Resolve { get; init; } = Dns.GetHostAddressesAsync;
}
