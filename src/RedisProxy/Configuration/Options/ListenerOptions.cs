using System.Net;

namespace RedisProxy.Configuration;

/// <summary><c>listeners[]</c>: one address that applications connect to.</summary>
internal sealed record ListenerOptions
{
    public const int DefaultMaxSessions = 10_000;

    /// <summary><c>name</c>: label in logs and metrics. Default: the master's name. Needed without Sentinel. Unique.</summary>
    public required string Name { get; init; }

    /// <summary><c>bind</c>: required.</summary>
    public required BindAddress Bind { get; init; }

    /// <summary><c>master</c>: the name Sentinel knows it by. Null without Sentinel.</summary>
    public string? Master { get; init; }

    /// <summary>
    /// <c>role</c>: whom its sessions are served by, <c>master</c> or <c>replica</c>. Default <c>master</c>. Replicas need Sentinel. A
    /// write to a replica gets the replica's own READONLY. What one has written through another listener may not be there yet.
    /// </summary>
    public ListenerRole Role { get; init; }

    /// <summary>With <c>role: replica</c>.</summary>
    public ReplicaOptions Replicas { get; init; } = new();

    /// <summary><c>maxSessions</c>: further clients get redis's own error and are closed. Default 10000, 1 to 1000000.</summary>
    public int MaxSessions { get; init; } = DefaultMaxSessions;

    /// <summary><c>pubsub</c>: what becomes of subscribers at a failover. Default <c>close</c>.</summary>
    public PubSubAction PubSub { get; init; }

    /// <summary>
    /// <c>proxyProtocol</c>: CIDR blocks of the load balancers in front of this listener. A connection from there has to begin with a PROXY
    /// protocol header, version 1 or 2 (haproxy.org, proxy-protocol.txt), and counts as the client's that it names; connections over a unix
    /// socket as well. One from elsewhere is served as it is, and a header in it is no request. Default empty: nobody is believed.
    /// </summary>
    public IReadOnlyList<IPNetwork> ProxyProtocol { get; init; } = [];

    /// <summary><c>tls</c>: null: applications connect in plain text.</summary>
    public ListenerTlsOptions? Tls { get; init; }

    /// <summary>
    /// <c>users[]</c>: who may use this listener. Clients prove to the proxy that they are one of these, by AUTH or HELLO, before anything
    /// of theirs is passed on; the master never sees what they said. The same <c>username</c> may come twice, so that passwords can be
    /// changed one after the other. Default empty: the proxy asks nobody.
    /// </summary>
    public IReadOnlyList<UserOptions> Users { get; init; } = [];

    /// <summary>
    /// <c>backendUser</c>: as whom all sessions of this listener are authenticated at the master, so that applications need not know that
    /// password. AUTH of clients is then answered by the proxy (without <c>users</c>: with OK, whatever it says), and RESET is refused.
    /// Default none: what clients say is passed on, unless there are <c>users</c>.
    /// </summary>
    public UserOptions? BackendUser { get; init; }

    /// <summary>Clients' credentials are for the proxy, and do not go on to the master.</summary>
    public bool OwnsAuthentication => Users.Count > 0 || BackendUser is not null;
}

/// <summary>
/// <c>listeners[].pubsub</c>. What is published while there is no master, or before a subscriber is back, is lost in any case.
/// </summary>
internal enum PubSubAction
{
    /// <summary>Their connection is closed, so that they see the gap.</summary>
    Close,

    /// <summary>They are subscribed again on the new master, and do not see it.</summary>
    Resubscribe,
}
