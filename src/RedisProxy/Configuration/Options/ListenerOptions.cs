using System.Net;

namespace RedisProxy.Configuration;

/// <summary><c>listeners[]</c>: one address that applications connect to.</summary>
internal sealed record ListenerOptions
{
    public const int DefaultMaxSessions = 10_000;

    /// <summary><c>name</c>: label in logs and metrics. Unique. Default: the master's name; required without Sentinel.</summary>
    public required string Name { get; init; }

    /// <summary><c>bind</c>: the address to listen on: <c>host:port</c>, <c>[IPv6]:port</c> or <c>unix:/path</c>.</summary>
    public required BindAddress Bind { get; init; }

    /// <summary><c>master</c>: the name Sentinel knows it by. Required with Sentinel, and only with it.</summary>
    public string? Master { get; init; }

    /// <summary>
    /// <c>role</c>: which servers its sessions are served by. Replicas need Sentinel. A write to a replica gets the replica's own
    /// READONLY error. What was written through another listener may not have arrived yet.
    /// </summary>
    public ListenerRole Role { get; init; }

    /// <summary>With <c>role: replica</c>.</summary>
    public ReplicaOptions Replicas { get; init; } = new();

    /// <summary><c>maxSessions</c>: further clients get the error that Redis gives, and are closed.</summary>
    public int MaxSessions { get; init; } = DefaultMaxSessions;

    /// <summary><c>pubsub</c>: what happens to subscribers at a failover.</summary>
    public PubSubAction PubSub { get; init; }

    /// <summary>
    /// <c>proxyProtocol</c>: CIDR blocks of the load balancers in front of this listener. A connection from there has to begin with a PROXY
    /// protocol header, version 1 or 2 (haproxy.org, proxy-protocol.txt), and is treated as a connection of the client that the header
    /// names; so are connections over a unix socket. Connections from other networks are served as they are; a PROXY header on them is a
    /// protocol error. Default: empty, no proxy is trusted.
    /// </summary>
    public IReadOnlyList<IPNetwork> ProxyProtocol { get; init; } = [];

    /// <summary><c>tls</c>: without it, applications connect in plain text.</summary>
    public ListenerTlsOptions? Tls { get; init; }

    /// <summary>
    /// <c>users[]</c>: the users of this listener. Clients authenticate to the proxy as one of these, by AUTH or HELLO, before any of
    /// their requests is passed on; the master never sees their credentials. The same <c>username</c> may appear twice, so that
    /// passwords can be changed one after the other. Default: empty, the proxy demands no authentication. Adding the first user, or
    /// removing the last one, needs a restart, unless there is a <c>backendUser</c>.
    /// </summary>
    public IReadOnlyList<UserOptions> Users { get; init; } = [];

    /// <summary>
    /// <c>backendUser</c>: the user that all sessions of this listener are authenticated as at the master, so that applications need not
    /// know that password. AUTH of clients is then answered by the proxy (without <c>users</c>: with OK, whatever it says), and RESET is
    /// refused. Default: none, clients' credentials are passed on, unless there are <c>users</c>.
    /// </summary>
    public UserOptions? BackendUser { get; init; }

    /// <summary>Clients' credentials are for the proxy, and do not go on to the master.</summary>
    public bool OwnsAuthentication => Users.Count > 0 || BackendUser is not null;
}

/// <summary>
/// <c>listeners[].pubsub</c>. Messages published while there is no master, or before a subscriber is back, are lost in either case.
/// </summary>
internal enum PubSubAction
{
    /// <summary>Their connection is closed, so that they notice the gap.</summary>
    Close,

    /// <summary>They are subscribed again on the new master, and do not notice it.</summary>
    Resubscribe,
}
