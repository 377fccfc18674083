using System.Net;
using System.Net.NetworkInformation;

using RedisProxy.Configuration;

namespace RedisProxy.Topology;

/// <summary>
/// Judges an announced address: where it is reached from here, and whether a master may be there at all. Immutable. A starting
/// Sentinel may announce 0.0.0.0, which on Linux connects to the local host; a proxy that mistook its own listener for the
/// master would connect to itself in a loop.
/// </summary>
internal sealed class AddressPolicy
{
    private readonly Dictionary<HostEndpoint, HostEndpoint> _map;
    private readonly IReadOnlyList<IPNetwork> _allowedNetworks;
    private readonly IReadOnlyList<HostEndpoint> _ownListeners;

    public AddressPolicy(ProxyOptions options)
    {
        _map = options.Sentinel?.AddressMap.ToDictionary(pair => pair.Key.Canonical, pair => pair.Value) ?? [];
        _allowedNetworks = options.Sentinel?.AllowedNetworks ?? [];
        _ownListeners = [.. options.Listeners.Select(listener => listener.Bind.Tcp).OfType<HostEndpoint>()];
    }

    public HostEndpoint Map(HostEndpoint announced) => _map.GetValueOrDefault(announced, announced);

    /// <param name="address">Mapped and resolved.</param>
    /// <returns>Why no master can be there; null when one can.</returns>
    public string? Refuse(IPEndPoint address)
    {
        if (address.Port == 0)
        {
            return "port 0";
        }

        if (address.Address.Equals(IPAddress.Any) || address.Address.Equals(IPAddress.IPv6Any))
        {
            return $"{address} is not the address of a host";
        }

        if (_ownListeners.Any(listener => listener.Port == address.Port && Reaches(address.Address, listener)))
        {
            return $"{address} is this proxy's own listener";
        }

        return _allowedNetworks.Count == 0 || _allowedNetworks.Any(network => network.Contains(address.Address))
            ? null
            : $"{address} is outside sentinel.allowedNetworks";
    }

    private static bool Reaches(IPAddress address, HostEndpoint listener) => listener.Address switch
    {
        null => IPAddress.IsLoopback(address) || IsOfThisHost(address),
        var any when any.Equals(IPAddress.Any) || any.Equals(IPAddress.IPv6Any) => IPAddress.IsLoopback(address) || IsOfThisHost(address),
        var one => one.Equals(address),
    };

    // Called only when the port is one of ours, so it may cost a millisecond; interfaces come and go.
    private static bool IsOfThisHost(IPAddress address) => NetworkInterface.GetAllNetworkInterfaces()
        .SelectMany(card => card.GetIPProperties().UnicastAddresses)
        .Any(own => own.Address.Equals(address));

    /// <summary>Can anything be reached there?</summary>
    public static bool IsPlace(HostEndpoint address) => address.Port > 0 && address.Host is not ("0.0.0.0" or "::");
}
