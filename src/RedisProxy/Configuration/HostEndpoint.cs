using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace RedisProxy.Configuration;

/// <summary>
/// A host (name, IPv4 or IPv6 address) and a port, as a person writes them: <c>redis-1:6379</c>, <c>10.0.0.5:6379</c>,
/// <c>[2001:db8::1]:6379</c>. Not resolved: names may change their address between two looks.
/// </summary>
/// <param name="Host">Name or address, without brackets.</param>
/// <param name="Port">1 to 65535.</param>
internal sealed record HostEndpoint(string Host, int Port)
{
    /// <summary>The address when <see cref="Host"/> is one; null when it is a name that has to be resolved.</summary>
    public IPAddress? Address => IPAddress.TryParse(Host, out IPAddress? address) ? address : null;

    public static bool TryParse(string? text, [NotNullWhen(true)] out HostEndpoint? endpoint)
    {
        endpoint = null;
        if (string.IsNullOrEmpty(text))
        {
            return false;
        }

        int colon = text.LastIndexOf(':');
        if (colon <= 0 || !TryParsePort(text.AsSpan(colon + 1), out int port))
        {
            return false;
        }

        string host = text[..colon];
        if (host[0] == '[')
        {
            if (host[^1] != ']' || !IPAddress.TryParse(host[1..^1], out IPAddress? address))
            {
                return false;
            }

            endpoint = new HostEndpoint(address.ToString(), port);
            return true;
        }

        if (host.Contains(':', StringComparison.Ordinal) || Uri.CheckHostName(host) == UriHostNameType.Unknown)
        {
            return false;
        }

        endpoint = new HostEndpoint(host, port);
        return true;
    }

    public static bool TryParsePort(ReadOnlySpan<char> text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is >= 1 and <= 65535;

    public override string ToString() =>
        Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}
