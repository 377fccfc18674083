using System.Diagnostics.CodeAnalysis;
using System.Net;

using RedisProxy.Configuration;
using RedisProxy.Servers;
using RedisProxy.Topology;

namespace RedisProxy.Failover;

/// <summary>
/// A server as its own machine names it, which need not be how Sentinel announces it: an address or a name, with or without a port. The
/// first part of a name suffices: a pod calls itself <c>redis-0</c> that is announced as <c>redis-0.redis.default.svc.cluster.local</c>.
/// </summary>
internal sealed record ServerName(string Host, int? Port)
{
    // Any port, where only the host is to be parsed.
    private const string SomePort = ":1";

    public static bool TryParse(string text, [NotNullWhen(true)] out ServerName? name)
    {
        bool isWithPort = HostEndpoint.TryParse(text, out HostEndpoint? endpoint);
        string bracketed = IPAddress.TryParse(text, out _) && text.Contains(':', StringComparison.Ordinal) ? $"[{text}]" : text;
        name = isWithPort || HostEndpoint.TryParse(bracketed + SomePort, out endpoint)
            ? new ServerName(endpoint!.Host, isWithPort ? endpoint.Port : null)
            : null;
        return name is not null;
    }

    /// <summary>It is this master, as announced, as reached from here, or by what its name means now.</summary>
    public async Task<bool> IsAsync(MasterNode master, TopologyContext context, CancellationToken cancel)
    {
        if (Port is { } port && port != master.Announced.Port && port != master.Address.Port)
        {
            return false;
        }

        string announced = master.Announced.Host;
        return announced.Equals(Host, StringComparison.OrdinalIgnoreCase)
            || (!IPAddress.TryParse(Host, out _) && announced.StartsWith($"{Host}.", StringComparison.OrdinalIgnoreCase))
            || master.Address.Address.Equals(await context.FindAddressAsync(Host, cancel));
    }
}
