using System.Net;

using RedisProxy.Configuration;
using RedisProxy.EventLoops;
using RedisProxy.Transport;

namespace RedisProxy.Sessions;

/// <summary>The configuration that sessions of one listener need, in the units of the loops.</summary>
internal sealed class SessionSettings
{
    public SessionSettings(ProxyOptions options, ListenerOptions listener)
    {
        ListenerName = listener.Name;
        MaxSessions = listener.MaxSessions;
        SharedLinks = listener.Multiplex.Links;
        Durable = listener.Durable.Replicas == 0 ? null : new DurableSettings(listener.Durable, options.Backend);
        Handoffs = listener.Handoffs;
        HasSentinel = options.Sentinel is not null;
        IsOfReplicas = listener.Role == ListenerRole.Replica;
        ClientTcp = ToTcpSettings(options.Client.KeepAlive, options.Client.UserTimeout);
        BackendTcp = ToTcpSettings(options.Backend.KeepAlive, options.Backend.UserTimeout);
        ConnectTimeoutMs = (int)options.Backend.ConnectTimeout.TotalMilliseconds;
        Addresses = options.Client.MaxSessionsPerAddress > 0 ? new AddressQuota(options.Client.MaxSessionsPerAddress) : null;
        Access = listener.OwnsAuthentication ? new ListenerUsers(listener.Users, listener.BackendUser) : null;
        AuthenticationTimeoutMs = (long)options.Client.AuthenticationTimeout.TotalMilliseconds;
        BalancerNetworks = listener.ProxyProtocol;
        SendsProxyHeader = options.Backend.ProxyProtocol;
        HoldTimeoutMs = (int)options.Hold.Timeout.TotalMilliseconds;
        MaxReplayBytes = options.Replay.MaxBytesPerSession;
        SlowRequestUs = options.Slowlog.Threshold == TimeSpan.Zero ? long.MaxValue : (long)options.Slowlog.Threshold.TotalMicroseconds;
        ResendsReads = options.Replay.Reads;
        ResendsBlocking = options.Replay.Blocking;
        Resubscribes = listener.PubSub == PubSubAction.Resubscribe;
        DisconnectsOnUnknownOutcome = options.Replay.OnUnknownOutcome == UnknownOutcomeAction.Disconnect;
        DisconnectsOnUnknownBlocking = DisconnectsOnUnknownOutcome || options.Replay.OnUnknownBlocking == UnknownOutcomeAction.Disconnect;
        Replies = new ProxyReplies(options.Replay.NotExecutedCode, listener.Master ?? listener.Name, listener.Durable);
    }

    private string ListenerName { get; }

    public int MaxSessions { get; }

    /// <summary>Shared links of one identity on one loop; 0: every session has a link of its own.</summary>
    public int SharedLinks { get; }

    /// <summary>Null: replies to writes do not wait for replicas.</summary>
    public DurableSettings? Durable { get; }

    /// <summary>Clients that ask for it are told of failovers and of moves.</summary>
    public bool Handoffs { get; }

    /// <summary>Without Sentinel there is no other master for a rejected request, so its error goes to the client.</summary>
    public bool HasSentinel { get; }

    /// <summary>Backends are replicas: refusing writes is no sign of a failover, and their READONLY goes to the client.</summary>
    public bool IsOfReplicas { get; }

    public TcpSettings ClientTcp { get; }

    public TcpSettings BackendTcp { get; }

    /// <summary>Null: clients connect in plain text.</summary>
    public ServerTls? ClientTls { get; init; }

    /// <summary>With TLS: concurrent handshakes on one loop.</summary>
    public int MaxHandshakes { get; init; } = 1;

    /// <summary>With TLS: clients on one loop without a complete ClientHello; beyond it the oldest are dropped.</summary>
    public int MaxSilent { get; init; } = int.MaxValue;

    /// <summary>Null: connections to masters are in plain text.</summary>
    public PeerTls? BackendTls { get; init; }

    public int ConnectTimeoutMs { get; }

    /// <summary>Null: no limit per client address.</summary>
    public AddressQuota? Addresses { get; }

    /// <summary>Null: clients authenticate to the master, if at all.</summary>
    public ListenerUsers? Access { get; }

    /// <summary>0: none.</summary>
    public long AuthenticationTimeoutMs { get; }

    /// <summary>Connections from these networks begin with a <see cref="Transport.ProxyHeader"/>.</summary>
    private IReadOnlyList<IPNetwork> BalancerNetworks { get; }

    /// <summary>The master is sent the client's address.</summary>
    public bool SendsProxyHeader { get; }

    public int HoldTimeoutMs { get; }

    public int MaxReplayBytes { get; }

    /// <summary>A backend that takes as long for a request is slow.</summary>
    public long SlowRequestUs { get; }

    public bool ResendsReads { get; }

    public bool ResendsBlocking { get; }

    public bool Resubscribes { get; }

    public bool DisconnectsOnUnknownOutcome { get; }

    public bool DisconnectsOnUnknownBlocking { get; }

    public ProxyReplies Replies { get; }

    /// <summary>Only a trusted load balancer may name its client's address. On a unix socket, every peer may.</summary>
    public bool ExpectsHeader(LoopSocket client) => BalancerNetworks.Count > 0
        && (client.PeerAddress?.Address is not { } address || BalancerNetworks.Any(network => network.Contains(Plain(address))));

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    public static TcpSettings ToTcpSettings(KeepAliveOptions keepAlive, TimeSpan userTimeout) => new(
        (int)keepAlive.Time.TotalSeconds,
        (int)keepAlive.Interval.TotalSeconds,
        keepAlive.Retries,
        (int)userTimeout.TotalMilliseconds);
}
