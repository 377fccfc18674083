using System.Net;

using RedisProxy.Configuration;
using RedisProxy.Topology;

namespace RedisProxy.Facade;

/// <summary>
/// Where clients find the proxy. The configuration was checked for what a start needs; after a reload there may be a master without an
/// address all the same, as <c>sentinelFacade.bind</c> stays what it was.
/// </summary>
internal static class AnnouncedAddress
{
    /// <summary>Of a master, for one client; null when there is nothing that could be said.</summary>
    /// <param name="options">Where the listeners are.</param>
    /// <param name="master">Its name.</param>
    /// <param name="local">The address of this machine that the client has connected to.</param>
    public static HostEndpoint? OfMaster(ProxyOptions options, string master, IPAddress local)
    {
        if (options.SentinelFacade.Advertise.GetValueOrDefault(master) is { } advertised)
        {
            return advertised;
        }

        HostEndpoint? bind = options.Listeners
            .Where(listener => TopologyService.NameOf(listener) == master)
            .Select(listener => listener.Bind.Tcp)
            .FirstOrDefault(tcp => tcp is not null);
        return bind is { IsAnyAddress: true } ? Reached(bind, local) : bind;
    }

    /// <summary>
    /// Of its replicas. The servers' own addresses are no answer: clients that need this proxy need not reach them. Listeners whose
    /// traffic goes to replicas would be listed here; there are none.
    /// </summary>
#pragma warning disable IDE0060 // What listeners for replicas would be found by.
    public static IReadOnlyList<HostEndpoint> OfReplicas(ProxyOptions options, string master, IPAddress local) => [];
#pragma warning restore IDE0060

    // 0.0.0.0 is IPv4 only, [::] is both.
    private static HostEndpoint? Reached(HostEndpoint any, IPAddress local)
    {
        IPAddress host = local.IsIPv4MappedToIPv6 ? local.MapToIPv4() : local;
        bool isOtherFamily = any.Address!.Equals(IPAddress.Any) && host.AddressFamily != any.Address.AddressFamily;
        return !isOtherFamily ? any with { Host = WithoutScope(host) }
            : IPAddress.IsLoopback(host) ? any with { Host = IPAddress.Loopback.ToString() }
            : null;
    }

    // fe80::1%2: the number of the interface means something on this machine only.
    private static string WithoutScope(IPAddress address) => address.ToString().Split('%')[0];
}
