using System.Net;

using RedisProxy.Configuration;
using RedisProxy.Topology;

namespace RedisProxy.SentinelFacade;

/// <summary>
/// Where clients find the proxy. The configuration was checked at startup; after a reload there may still be a master without an
/// address, as <c>sentinelFacade.bind</c> keeps its value.
/// </summary>
internal static class AnnouncedAddress
{
    /// <summary>Of a master, for one client; null when none can be announced.</summary>
    /// <param name="options">Where the listeners are.</param>
    /// <param name="master">Its name.</param>
    /// <param name="local">The local address that the client has connected to.</param>
    public static HostEndpoint? OfMaster(ProxyOptions options, string master, IPAddress local)
    {
        if (options.SentinelFacade.Advertise.GetValueOrDefault(master) is { } advertised)
        {
            return advertised;
        }

        return ListenersOf(options, master, ListenerRole.Master, local).FirstOrDefault();
    }

    /// <summary>
    /// Of its replicas: the replica listeners. The servers' own addresses are no answer: clients that need this proxy need not reach
    /// them.
    /// </summary>
    public static IReadOnlyList<HostEndpoint> OfReplicas(ProxyOptions options, string master, IPAddress local) =>
        [.. ListenersOf(options, master, ListenerRole.Replica, local)];

    private static IEnumerable<HostEndpoint> ListenersOf(ProxyOptions options, string master, ListenerRole role, IPAddress local) =>
        options.Listeners
            .Where(listener => TopologyService.NameOf(listener) == master && listener.Role == role)
            .Select(listener => listener.Bind.Tcp).OfType<HostEndpoint>()
            .Select(bind => bind.IsAnyAddress ? Reached(bind, local) : bind).OfType<HostEndpoint>();

    // 0.0.0.0 is IPv4 only, [::] is both.
    private static HostEndpoint? Reached(HostEndpoint any, IPAddress local)
    {
        IPAddress host = local.IsIPv4MappedToIPv6 ? local.MapToIPv4() : local;
        bool isOtherFamily = any.Address!.Equals(IPAddress.Any) && host.AddressFamily != any.Address.AddressFamily;
        return !isOtherFamily ? any with { Host = WithoutScope(host) }
            : IPAddress.IsLoopback(host) ? any with { Host = IPAddress.Loopback.ToString() }
            : null;
    }

    // fe80::1%2: the interface number is meaningful on this machine only.
    private static string WithoutScope(IPAddress address) => address.ToString().Split('%')[0];
}
