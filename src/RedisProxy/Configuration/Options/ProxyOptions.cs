namespace RedisProxy.Configuration;

/// <summary>The whole configuration, read and validated. Immutable; its sections are those of <c>proxy.json</c>.</summary>
internal sealed record ProxyOptions
{
    /// <summary><c>listeners[]</c>: at least one.</summary>
    public required IReadOnlyList<ListenerOptions> Listeners { get; init; }

    /// <summary><c>sentinel</c>; null when <see cref="BackendOptions.Endpoint"/> names one server instead.</summary>
    public SentinelOptions? Sentinel { get; init; }

    public BackendOptions Backend { get; init; } = new();

    public ClientOptions Client { get; init; } = new();

    public HoldOptions Hold { get; init; } = new();

    public ReplayOptions Replay { get; init; } = new();

    public AdminOptions Admin { get; init; } = new();

    public ShutdownOptions Shutdown { get; init; } = new();

    public LoopOptions Loops { get; init; } = new();

    public OtlpOptions Otlp { get; init; } = new();

    public AuditOptions Audit { get; init; } = new();

    public SlowlogOptions Slowlog { get; init; } = new();

    public RoleOptions Roles { get; init; } = new();

    public SentinelFacadeOptions SentinelFacade { get; init; } = new();

    /// <summary><c>notify[]</c>: default empty.</summary>
    public IReadOnlyList<NotifyOptions> Notify { get; init; } = [];
}

/// <summary><c>sentinel</c>: the Sentinels to ask for the master.</summary>
internal sealed record SentinelOptions
{
    /// <summary><c>endpoints</c>: addresses of Sentinels, at least one; the others are discovered through it.</summary>
    public required IReadOnlyList<HostEndpoint> Endpoints { get; init; }

    /// <summary><c>username</c>: the user to authenticate as. Default: none, the Sentinel's default user.</summary>
    public string? Username { get; init; }

    /// <summary><c>password</c> or the first line of <c>passwordFile</c>: the password of that user.</summary>
    public string? Password { get; init; }

    /// <summary><c>tls</c>: without it, connections to the Sentinels are plain text.</summary>
    public PeerTlsOptions? Tls { get; init; }

    /// <summary><c>pollInterval</c>: how often every Sentinel is polled, in addition to its events.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// <c>requireMajority</c>: stop writes while unreachable Sentinels could elect another master, judging by what the reachable ones know
    /// about them. False: the last known master is kept. True is the only remedy for a minority-side split brain.
    /// </summary>
    public bool RequireMajority { get; init; }

    /// <summary>
    /// <c>addressMap</c>: maps announced addresses to addresses reachable from here, both <c>host:port</c>; for NAT and containers. Applies
    /// to masters, replicas and Sentinels.
    /// </summary>
    public IReadOnlyDictionary<HostEndpoint, HostEndpoint> AddressMap { get; init; } = new Dictionary<HostEndpoint, HostEndpoint>();

    /// <summary>
    /// <c>allowedNetworks</c>: CIDR blocks that must contain a master's address for it to be trusted. Default: empty, any address is
    /// trusted.
    /// </summary>
    public IReadOnlyList<System.Net.IPNetwork> AllowedNetworks { get; init; } = [];

    /// <summary>Not all members, which is a record's default: one of them is a secret, and strings end up in logs.</summary>
    public override string ToString() => $"Sentinels {string.Join(", ", Endpoints)}";
}

/// <summary><c>backend</c>: how the master is reached.</summary>
internal sealed record BackendOptions
{
    /// <summary><c>endpoint</c>: a single server, instead of <c>sentinel</c>.</summary>
    public HostEndpoint? Endpoint { get; init; }

    /// <summary>
    /// <c>username</c>: the user of the proxy's own probes. Clients' credentials are passed through, not taken from here.
    /// </summary>
    public string? Username { get; init; }

    /// <summary><c>password</c> or the first line of <c>passwordFile</c>: the password of the proxy's own probes.</summary>
    public string? Password { get; init; }

    /// <summary><c>tls</c>: without it, connections to the master are plain text, the proxy's own and those for its clients.</summary>
    public PeerTlsOptions? Tls { get; init; }

    /// <summary>
    /// <c>connectTimeout</c>: time limit for opening a connection. After that, a session waits for TLS and for its state to be confirmed
    /// for as long as the master is trusted, because it may merely be busy; the proxy's own queries get the same time once more.
    /// </summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(1);

    public KeepAliveOptions KeepAlive { get; init; } = new();

    /// <summary><c>userTimeout</c>: see <see cref="ClientOptions.UserTimeout"/>; 0 turns it off.</summary>
    public TimeSpan UserTimeout { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary><c>maxConcurrentConnects</c>: maximum backend connections being opened concurrently, across all loops.</summary>
    public int MaxConcurrentConnects { get; init; } = 64;

    /// <summary>
    /// <c>proxyProtocol</c>: connections to the master begin with a PROXY protocol header, version 2, that names the client; the proxy's
    /// own are marked as local. Redis does not understand the header: only for a load balancer in front of Redis.
    /// </summary>
    public bool ProxyProtocol { get; init; }

    /// <inheritdoc cref="SentinelOptions.ToString"/>
    public override string ToString() => $"Backend {Endpoint?.ToString() ?? "from Sentinel"}";
}

/// <summary><c>client</c>: connections from applications.</summary>
internal sealed record ClientOptions
{
    public KeepAliveOptions KeepAlive { get; init; } = new();

    /// <summary>
    /// <c>userTimeout</c>: a connection whose peer does not acknowledge data, or keeps its window closed, for this long is closed (tcp(7),
    /// TCP_USER_TIMEOUT); this includes a live client that does not read. 0: off, as in Redis. In the kernel it
    /// also replaces <c>retries</c> of <c>keepAlive</c>: shorter than <c>time</c> + <c>interval</c> × <c>retries</c>, it closes an idle
    /// connection before all probes are lost, possibly at the first one.
    /// </summary>
    public TimeSpan UserTimeout { get; init; }

    /// <summary>
    /// <c>maxSessionsPerAddress</c>: maximum sessions from one IP address on one listener; further clients get the error that Redis returns
    /// above its maxclients, and are closed. 0: no limit other than <c>maxSessions</c>. Clients behind one NAT or load balancer share an
    /// address.
    /// </summary>
    public int MaxSessionsPerAddress { get; init; }

    /// <summary>
    /// <c>authenticationTimeout</c>: where the listener's <c>users</c> or the master itself require authentication, a client that has not
    /// authenticated within this time and has no request pending is closed, at most a quarter of the time later; 0 turns this off.
    /// </summary>
    public TimeSpan AuthenticationTimeout { get; init; } = TimeSpan.FromMinutes(1);
}

/// <summary><c>replay</c>: what happens to requests and session state when their backend is lost.</summary>
internal sealed record ReplayOptions
{
    /// <summary><c>maxBytesPerSession</c>: bytes of unanswered requests kept for replay.</summary>
    public int MaxBytesPerSession { get; init; } = 64 * 1024;

    /// <summary><c>reads</c>: replay unanswered reads on the new master; false treats them like writes.</summary>
    public bool Reads { get; init; } = true;

    /// <summary>
    /// <c>blocking</c>: replay blocking pops and stream reads that were lost with their connection, for their remaining time. False: their
    /// outcome is unknown, because an element may have been popped and lost.
    /// </summary>
    public bool Blocking { get; init; }

    /// <summary><c>onUnknownOutcome</c>: what a client gets for a request that was sent but never answered.</summary>
    public UnknownOutcomeAction OnUnknownOutcome { get; init; }

    /// <summary>
    /// <c>onUnknownBlocking</c>: the same for blocking pops and stream reads: workers that wait in one expect their connection to break,
    /// and many exit on an error.
    /// </summary>
    public UnknownOutcomeAction OnUnknownBlocking { get; init; } = UnknownOutcomeAction.Disconnect;

    /// <summary><c>notExecutedCode</c>: the error code for requests that were certainly not executed.</summary>
    public NotExecutedCode NotExecutedCode { get; init; }
}

/// <summary><c>replay.onUnknownOutcome</c>: what a client gets for a request that was sent but never answered.</summary>
internal enum UnknownOutcomeAction
{
    /// <summary>An error in place of the reply; the connection stays open.</summary>
    Error,

    /// <summary>The connection is closed. Many clients then retry the request, so a write may be executed twice.</summary>
    Disconnect,
}

/// <summary><c>replay.notExecutedCode</c>: clients differ in which of these they retry on their own.</summary>
internal enum NotExecutedCode
{
    /// <summary>As from a server that is loading its data. Most clients understand it; many retry.</summary>
    Loading,

    /// <summary>As from a replica that has lost its master.</summary>
    MasterDown,

    /// <summary>As from a cluster that is moving a slot.</summary>
    TryAgain,

    /// <summary>As from a cluster that is incomplete.</summary>
    ClusterDown,
}

/// <summary><c>admin</c>: the HTTP surface for operators.</summary>
internal sealed record AdminOptions
{
    /// <summary>
    /// <c>bind</c>: the address to listen on; the empty string turns it off. <c>unix:/path</c>, a socket that only the proxy's user can
    /// open unless <c>socketMode</c> says otherwise, needs no token.
    /// </summary>
    public BindAddress? Bind { get; init; } = BindAddress.OfTcp(new HostEndpoint("127.0.0.1", 9180));

    /// <summary>
    /// <c>socketMode</c>: who may open a unix socket, in octal. Whoever may, can do everything: no token is asked for there.
    /// </summary>
    public SocketMode SocketMode { get; init; } = SocketMode.OwnerOnly;

    /// <summary><c>socketGroup</c>: the group of a unix socket, by name or number. Default: that of the process. Linux only.</summary>
    public string? SocketGroup { get; init; }

    /// <summary>
    /// <c>metricsBind</c>: a second address, for health and metrics only: <c>/healthz</c> and <c>/metrics</c>, which remain at <c>bind</c>
    /// as well. Probes and scrapers can then come from anywhere, while sessions, status and commands stay on this machine. Default: none.
    /// </summary>
    public BindAddress? MetricsBind { get; init; }

    /// <summary><c>tls</c>: without it, the admin surface speaks plain HTTP. For both addresses, but not for a unix socket.</summary>
    public ListenerTlsOptions? Tls { get; init; }

    /// <summary>
    /// <c>allowedHosts</c>: additional host names, without a port, that browsers and scrapers may use for the admin surface; <c>*</c>
    /// allows all. Addresses, names without a dot, <c>*.localhost</c>, <c>*.svc</c>, <c>*.cluster.local</c>, <c>*.internal</c> and the host
    /// of <c>bind</c> are always allowed, and any name for <c>/healthz</c>. Requests for other names get 403, because of DNS rebinding.
    /// </summary>
    public IReadOnlyList<string> AllowedHosts { get; init; } = [];

    /// <summary>
    /// <c>token</c> or the first line of <c>tokenFile</c>: the token a caller must present to change anything. Default: none, nothing can
    /// be changed over TCP.
    /// </summary>
    public string? Token { get; init; }

    /// <inheritdoc cref="SentinelOptions.ToString"/>
    public override string ToString() => $"Admin {Bind?.ToString() ?? "off"}";
}

/// <summary><c>shutdown</c>: what happens on SIGTERM.</summary>
internal sealed record ShutdownOptions
{
    /// <summary><c>drainTimeout</c>: sessions that are not quiescent after this time are aborted.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary><c>minDelay</c>: keep accepting connections for this long first, so that load balancers notice.</summary>
    public TimeSpan MinDelay { get; init; }
}

/// <summary><c>loops</c>: the data plane's threads.</summary>
internal sealed record LoopOptions
{
    /// <summary><c>count</c>: number of threads. 0: one per processor, at most 4.</summary>
    public int Count { get; init; }

    /// <summary>
    /// <c>transport</c>: what moves the bytes. <c>epoll</c>: system calls of our own, the fastest; Linux only. <c>pipelines</c>: the
    /// framework's sockets, for development on other systems and for sandboxes that permit nothing else; each connection may hold 200 KiB
    /// that the limit on buffers does not count, and restarts with <c>--take-over</c> may reset clients. <c>auto</c>: epoll on Linux,
    /// pipelines elsewhere.
    /// </summary>
    public LoopTransport Transport { get; init; }

    /// <summary>
    /// <c>maxBufferMemory</c>: for the buffers of all sessions together. Beyond it, the sessions that hold the most are reset. 0: half of
    /// the memory available to the process (its container's limit, or the machine's).
    /// </summary>
    public long MaxBufferMemory { get; init; }
}

/// <summary>What moves the data plane's bytes.</summary>
internal enum LoopTransport
{
    /// <summary><see cref="Epoll"/> on Linux, <see cref="Pipelines"/> elsewhere.</summary>
    Auto,

    /// <summary>System calls of our own. Linux only.</summary>
    Epoll,

    /// <summary>The framework's sockets and Pipelines.Sockets.Unofficial.</summary>
    Pipelines,
}
