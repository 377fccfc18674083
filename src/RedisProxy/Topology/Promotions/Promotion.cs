using System.Net;

using RedisProxy.Configuration;

namespace RedisProxy.Topology;

/// <summary>A replica of the accepted master has become a master.</summary>
/// <param name="Replica">As the Sentinels list it, after the address map.</param>
/// <param name="Address">Where it is reached.</param>
/// <param name="SeenAt">A timestamp of the clock.</param>
internal sealed record Promotion(HostEndpoint Replica, IPEndPoint Address, long SeenAt);
