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

    /// <summary>
    /// <c>socketMode</c>: who may connect to a unix socket, in octal: <c>"0660"</c> is the user and the group. Default: as the umask of the
    /// process says.
    /// </summary>
    public SocketMode? SocketMode { get; init; }

    /// <summary><c>socketGroup</c>: the group of a unix socket, by name or number. Default: that of the process. Linux only.</summary>
    public string? SocketGroup { get; init; }

    /// <summary><c>master</c>: the master's name in Sentinel. Required with Sentinel, and not allowed without.</summary>
    public string? Master { get; init; }

    /// <summary>
    /// <c>role</c>: which servers serve its sessions. Replicas require Sentinel. A write to a replica gets the replica's own READONLY
    /// error. Writes made through another listener may not be visible yet.
    /// </summary>
    public ListenerRole Role { get; init; }

    /// <summary>With <c>role: replica</c>.</summary>
    public ReplicaOptions Replicas { get; init; } = new();

    /// <summary><c>maxSessions</c>: further clients get the error that Redis returns above its maxclients, and are closed.</summary>
    public int MaxSessions { get; init; } = DefaultMaxSessions;

    /// <summary><c>pubsub</c>: what happens to subscribers at a failover.</summary>
    public PubSubAction PubSub { get; init; }

    /// <summary><c>multiplex</c>: whether sessions share connections to the server.</summary>
    public MultiplexOptions Multiplex { get; init; } = new();

    /// <summary><c>durable</c>: whether replies to writes wait until replicas have the write.</summary>
    public DurableOptions Durable { get; init; } = new();

    /// <summary>
    /// <c>handoffs</c>: answer <c>CLIENT MAINT_NOTIFICATIONS</c>, by which RESP3 clients ask to be told of failovers, so that they wait
    /// longer for replies meanwhile, and of the end of this process, so that they connect again in time. Otherwise the command is
    /// forwarded, and servers refuse it. Clients that have asked are told until they disconnect.
    /// </summary>
    public bool Handoffs { get; init; }

    /// <summary>
    /// <c>handoffAddress</c>: <c>host:port</c> where those clients are told to connect when this listener is drained or stopped, such as
    /// the load balancer in front of it: a name, or an IPv4 address, because not all clients understand IPv6 addresses. Default: where each
    /// client is connected now, if another process listens there by then (<c>--take-over</c>); none with <c>proxyProtocol</c>.
    /// </summary>
    public HostEndpoint? HandoffAddress { get; init; }

    /// <summary>
    /// <c>proxyProtocol</c>: CIDR blocks of the load balancers in front of this listener. A connection from them must begin with a PROXY
    /// protocol header, version 1 or 2 (haproxy.org, proxy-protocol.txt), and is treated as a connection of the client named in the header;
    /// the same goes for connections over a unix socket. Connections from other networks are served as they are; a PROXY header on them is
    /// a protocol error. Default: empty, no proxy is trusted.
    /// </summary>
    public IReadOnlyList<IPNetwork> ProxyProtocol { get; init; } = [];

    /// <summary><c>tls</c>: without it, applications connect in plain text.</summary>
    public ListenerTlsOptions? Tls { get; init; }

    /// <summary>
    /// <c>users[]</c>: the users of this listener. Clients authenticate to the proxy as one of these, by AUTH or HELLO, before any of their
    /// requests is forwarded; the master never sees their credentials. The same <c>username</c> may appear twice, so that passwords can be
    /// rotated. Default: empty, the proxy requires no authentication. Adding the first user or removing the last one needs a restart,
    /// unless there is a <c>backendUser</c>.
    /// </summary>
    public IReadOnlyList<UserOptions> Users { get; init; } = [];

    /// <summary>
    /// <c>backendUser</c>: the user that the proxy authenticates this listener's sessions as at the master, so that applications need not
    /// know that password. The proxy then answers clients' AUTH itself (without <c>users</c>: with OK, whatever the credentials), and
    /// refuses RESET. Default: none, clients' credentials are forwarded, unless there are <c>users</c>.
    /// </summary>
    public UserOptions? BackendUser { get; init; }

    /// <summary>Clients' credentials are for the proxy and are not forwarded to the master.</summary>
    public bool OwnsAuthentication => Users.Count > 0 || BackendUser is not null;
}

/// <summary>
/// <c>listeners[].multiplex</c>: sessions of the same user, protocol and database share a few connections to the server. Whatever needs a
/// connection of its own, such as WATCH, a subscription or a pop that waits, gets one for as long as it needs it.
/// </summary>
internal sealed record MultiplexOptions
{
    /// <summary>
    /// <c>links</c>: shared connections for each user, protocol and database, on each loop. 0: none, every session has a connection of its
    /// own.
    /// </summary>
    public int Links { get; init; }
}

/// <summary>
/// <c>listeners[].durable</c>: the reply to a write goes to the client when replicas have the write, so that the loss of the master does
/// not take back what was acknowledged. Not with <c>role: replica</c>. Servers: Redis 7.0 or later, or Valkey. The user of the proxy's
/// probes (<c>backend.username</c>) needs the permissions <c>+wait +spublish &amp;redisproxy:mark</c>.
/// </summary>
internal sealed record DurableOptions
{
    /// <summary><c>replicas</c>: so many have to have it. 0: off, replies wait for no replica.</summary>
    public int Replicas { get; init; }

    /// <summary>
    /// <c>timeout</c>: after it, the client gets an error instead of the reply: the write was executed, but is not confirmed.
    /// </summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary><c>onTimeout</c>: what the client gets then.</summary>
    public DurableTimeoutAction OnTimeout { get; init; }
}

/// <summary><c>listeners[].durable.onTimeout</c>.</summary>
internal enum DurableTimeoutAction
{
    /// <summary>An error in place of the reply; the connection stays open.</summary>
    Error,

    /// <summary>The connection is closed. Many clients then retry the request, so a write may be executed twice.</summary>
    Disconnect,
}

/// <summary>
/// <c>listeners[].pubsub</c>. Messages published while there is no master, or before a subscriber is back, are lost in either case.
/// </summary>
internal enum PubSubAction
{
    /// <summary>Subscribers' connections are closed, so that they notice the gap.</summary>
    Close,

    /// <summary>Subscribers are subscribed again on the new master, and do not notice the gap.</summary>
    Resubscribe,
}
