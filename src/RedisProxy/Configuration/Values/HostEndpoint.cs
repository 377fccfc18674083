using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace RedisProxy.Configuration;

/// <summary>
/// A host (name, IPv4 or IPv6 address) and a port, as people write them: <c>redis-1:6379</c>, <c>10.0.0.5:6379</c>,
/// <c>[2001:db8::1]:6379</c>. Not resolved: a name's address may change between two lookups.
/// </summary>
/// <param name="Host">Name or address, without brackets.</param>
/// <param name="Port">1 to 65535.</param>
internal sealed record HostEndpoint(string Host, int Port)
{
    /// <summary>The maximum for a DNS name.</summary>
    private const int MaxHostLength = 253;

    /// <summary>The address when <see cref="Host"/> is one; null when it is a name that has to be resolved.</summary>
    public IPAddress? Address => IPAddress.TryParse(Host, out IPAddress? address) ? address : null;

    /// <summary>0.0.0.0 or [::]: every address when listening, and this machine when connecting.</summary>
    public bool IsAnyAddress => Address is { } address && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any));

    /// <summary>Each address has one spelling: IPv4-mapped IPv6 addresses as IPv4, names in lower case.</summary>
    public HostEndpoint Canonical
    {
        get
        {
            IPAddress? address = Address is { IsIPv4MappedToIPv6: true } mapped ? mapped.MapToIPv4() : Address;
            return this with { Host = address?.ToString() ?? Host.ToLowerInvariant() };
        }
    }

    private bool IsLocalhost => Host.Equals("localhost", StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// Only canonical addresses: <c>127.1</c>, <c>010.0.0.1</c> and <c>6380</c> are IPv4 addresses to the resolver, too, but never the
    /// intended ones. A host that ends in a number (<c>256.0.0.1</c>) is not a name either.
    /// </summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out HostEndpoint? endpoint)
    {
        endpoint = null;
        int colon = text is null ? -1 : text.LastIndexOf(':');
        if (colon <= 0 || !TryParsePort(text.AsSpan(colon + 1), out int port))
        {
            return false;
        }

        string host = text![..colon];
        if (host.Length > 2 && host[0] == '[' && host[^1] == ']')
        {
            string inner = host[1..^1];
            if (!inner.Contains(':', StringComparison.Ordinal) || inner.AsSpan().ContainsAny('[', ']')
                || !IPAddress.TryParse(inner, out IPAddress? address))
            {
                return false;
            }

            endpoint = new HostEndpoint(address.ToString(), port);
            return true;
        }

        bool isCanonicalIPv4 = IPAddress.TryParse(host, out IPAddress? ipv4) && ipv4.ToString() == host;
        bool isName = ipv4 is null && Uri.CheckHostName(host) == UriHostNameType.Dns && !EndsInNumber(host);
        if (host.Contains(':', StringComparison.Ordinal) || !isName && !isCanonicalIPv4)
        {
            return false;
        }

        endpoint = new HostEndpoint(host, port);
        return true;
    }

    /// <summary>As servers and Sentinels announce it: separate host and port, IPv6 without brackets, port 0 for none.</summary>
    /// <returns><see cref="Canonical"/>; null: not an address.</returns>
    public static HostEndpoint? ReadAnnounced(string host, string port)
    {
        bool isPort = int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number <= 65535;
        return isPort && host.Length is > 0 and <= MaxHostLength ? new HostEndpoint(host, number).Canonical : null;
    }

    /// <summary>
    /// Certainly or probably the same address: <c>localhost</c> is 127.0.0.1 or [::1] or both. Other names are not looked up.
    /// </summary>
    public bool IsSameAs(HostEndpoint other)
    {
        return Equals(other) || Port == other.Port && (IsLocalhost && IsUsualLoopback(other) || other.IsLocalhost && IsUsualLoopback(this));

        static bool IsUsualLoopback(HostEndpoint endpoint) =>
            endpoint.Address is { } address && (address.Equals(IPAddress.Loopback) || address.Equals(IPAddress.IPv6Loopback));
    }

    /// <summary>Whether a socket that listens on this address gets connections to the destination. [::] listens to IPv4 as well.</summary>
    public bool Accepts(HostEndpoint destination)
    {
        bool isThisMachine = destination.IsLocalhost || destination.Address is { } address && IPAddress.IsLoopback(address);
        bool isOtherFamily = Host == "0.0.0.0" && destination.Address?.AddressFamily == AddressFamily.InterNetworkV6;
        return IsSameAs(destination) || Port == destination.Port && IsAnyAddress && isThisMachine && !isOtherFamily;
    }

    /// <summary>Host names are case-insensitive.</summary>
    public bool Equals(HostEndpoint? other) =>
        other is not null && Port == other.Port && Host.Equals(other.Host, StringComparison.OrdinalIgnoreCase);

    public override int GetHashCode() => HashCode.Combine(Host.GetHashCode(StringComparison.OrdinalIgnoreCase), Port);

    public static bool TryParsePort(ReadOnlySpan<char> text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is >= 1 and <= 65535;

    public override string ToString() =>
        Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";

    private static bool EndsInNumber(string host) =>
        !host.TrimEnd('.').Split('.')[^1].AsSpan().ContainsAnyExceptInRange('0', '9');
}
