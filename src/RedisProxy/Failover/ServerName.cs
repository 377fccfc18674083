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

    /// <summary>Which server it is: as announced, as reached from here, or by what its name means now.</summary>
    /// <param name="view">With a master.</param>
    /// <param name="context">Resolves names.</param>
    /// <param name="cancel">Ends the lookup.</param>
    public async Task<NamedServer> FindAsync(TopologyView view, TopologyContext context, CancellationToken cancel)
    {
        MasterNode master = view.Master!;
        if (Find(view.Replicas, master.Announced, IsAnnounced) is { } exact and not NamedServer.Nobody)
        {
            return exact;
        }

        bool isAddress = IPAddress.TryParse(Host, out IPAddress? address);
        address ??= await context.FindAddressAsync(Host, cancel);
        bool IsMeant(HostEndpoint server) => (!isAddress && IsFirstPart(server))
            || (address is not null && IsAt(server, address, server == master.Announced ? master : null));
        NamedServer found = Find(view.Replicas, master.Announced, IsMeant);
        return found == NamedServer.Nobody && address is null ? NamedServer.Unknown : found;
    }

    private static NamedServer Find(IReadOnlyList<HostEndpoint> replicas, HostEndpoint master, Func<HostEndpoint, bool> isMeant) =>
        (isMeant(master), replicas.Any(isMeant)) switch
        {
            (true, true) => NamedServer.Several,
            (true, false) => NamedServer.Master,
            (false, true) => NamedServer.Replica,
            _ => NamedServer.Nobody,
        };

    private bool IsAnnounced(HostEndpoint server) =>
        (Port is null || Port == server.Port) && server.Host.Equals(Host, StringComparison.OrdinalIgnoreCase);

    private bool IsFirstPart(HostEndpoint server) =>
        (Port is null || Port == server.Port) && server.Host.StartsWith($"{Host}.", StringComparison.OrdinalIgnoreCase);

    // The master is reached at an address that is known; of replicas, only what is announced is.
    private bool IsAt(HostEndpoint server, IPAddress address, MasterNode? master) => master is not null
        ? (Port is null || Port == server.Port || Port == master.Address.Port) && master.Address.Address.Equals(address)
        : (Port is null || Port == server.Port) && IPAddress.TryParse(server.Host, out IPAddress? announced) && announced.Equals(address);
}

/// <summary>Which server of a deployment a name means.</summary>
internal enum NamedServer
{
    Master,
    Replica,

    /// <summary>The name is known, and none of them has it.</summary>
    Nobody,

    /// <summary>The name cannot be resolved now, so it may be any of them.</summary>
    Unknown,

    /// <summary>The master, and another one as well.</summary>
    Several,
}
