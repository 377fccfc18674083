using System.Net;

using RedisProxy.Configuration;

namespace RedisProxy.Topology;

/// <summary>A master under consideration.</summary>
/// <param name="Announced">Its address as Sentinel announces it.</param>
/// <param name="Address">Where it is reached.</param>
/// <param name="Epoch">Its config epoch.</param>
internal sealed record MasterCandidate(HostEndpoint Announced, IPEndPoint Address, long Epoch);
