namespace RedisProxy.Configuration;

/// <summary>The whole configuration, after it has been read and found valid. Immutable; the sections are as in <c>proxy.json</c>.</summary>
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

    public RoleOptions Roles { get; init; } = new();

    public SentinelFacadeOptions SentinelFacade { get; init; } = new();

    /// <summary><c>notify[]</c>: default empty.</summary>
    public IReadOnlyList<NotifyOptions> Notify { get; init; } = [];
}

/// <summary><c>sentinel</c>: the Sentinels to ask for the master.</summary>
internal sealed record SentinelOptions
{
    /// <summary><c>endpoints</c>: at least one; the others are learnt from it.</summary>
    public required IReadOnlyList<HostEndpoint> Endpoints { get; init; }

    /// <summary><c>username</c>: default: none, the Sentinel's default user.</summary>
    public string? Username { get; init; }

    /// <summary><c>password</c> or the first line of <c>passwordFile</c>: of that user.</summary>
    public string? Password { get; init; }

    /// <summary><c>tls</c>: without it, Sentinels are reached in plain text.</summary>
    public PeerTlsOptions? Tls { get; init; }

    /// <summary><c>pollInterval</c>: how often every Sentinel is asked, apart from its events.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// <c>requireMajority</c>: stop writes while unreachable Sentinels could elect another master, judging by what the reachable ones know
    /// of them. False: the last known master is kept. True is the only cure for a minority-side split brain.
    /// </summary>
    public bool RequireMajority { get; init; }

    /// <summary>
    /// <c>addressMap</c>: announced addresses, each with the address that is reachable from here, both <c>host:port</c>, for NAT and
    /// containers. Applies to masters, replicas and Sentinels.
    /// </summary>
    public IReadOnlyDictionary<HostEndpoint, HostEndpoint> AddressMap { get; init; } = new Dictionary<HostEndpoint, HostEndpoint>();

    /// <summary><c>allowedNetworks</c>: CIDR blocks in which a master must lie to be trusted. Default: empty, any address is.</summary>
    public IReadOnlyList<System.Net.IPNetwork> AllowedNetworks { get; init; } = [];

    /// <summary>Not all members, as records have it: one of them is a secret, and texts end up in logs.</summary>
    public override string ToString() => $"Sentinels {string.Join(", ", Endpoints)}";
}

/// <summary><c>backend</c>: how the master is reached.</summary>
internal sealed record BackendOptions
{
    /// <summary><c>endpoint</c>: one server, in place of <c>sentinel</c>.</summary>
    public HostEndpoint? Endpoint { get; init; }

    /// <summary><c>username</c>: of the proxy's own probes. Clients' credentials are passed through and not taken from here.</summary>
    public string? Username { get; init; }

    /// <summary><c>password</c> or the first line of <c>passwordFile</c>: of the proxy's own probes.</summary>
    public string? Password { get; init; }

    /// <summary><c>tls</c>: without it, the master is reached in plain text, by the proxy itself and for its clients.</summary>
    public PeerTlsOptions? Tls { get; init; }

    /// <summary>
    /// <c>connectTimeout</c>: until a connection is open. Then a session waits for TLS and for its state to be confirmed as long as the
    /// master is trusted, which may merely be busy; the proxy's own queries wait this long once more.
    /// </summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(1);

    public KeepAliveOptions KeepAlive { get; init; } = new();

    /// <summary><c>userTimeout</c>: see <see cref="ClientOptions.UserTimeout"/>; 0 turns it off.</summary>
    public TimeSpan UserTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary><c>maxConcurrentConnects</c>: maximum backend connections being opened concurrently, across all loops.</summary>
    public int MaxConcurrentConnects { get; init; } = 64;

    /// <summary>
    /// <c>proxyProtocol</c>: connections to the master begin with a PROXY protocol header, version 2, that names the client; those of the
    /// proxy itself are marked as local. Redis itself does not understand it: only for a load balancer in front of it.
    /// </summary>
    public bool ProxyProtocol { get; init; }

    /// <inheritdoc cref="SentinelOptions.ToString"/>
    public override string ToString() => $"Backend {Endpoint?.ToString() ?? "from Sentinel"}";
}

/// <summary><c>client</c>: sockets towards applications.</summary>
internal sealed record ClientOptions
{
    public KeepAliveOptions KeepAlive { get; init; } = new();

    /// <summary>
    /// <c>userTimeout</c>: a peer that does not acknowledge data, or keeps its window shut, for this long is given up
    /// (tcp(7), TCP_USER_TIMEOUT), and so is a client that is alive but does not read. 0: off, as in Redis.
    /// </summary>
    public TimeSpan UserTimeout { get; init; }

    /// <summary>
    /// <c>maxSessionsPerAddress</c>: of one IP address on one listener; further ones get the error that Redis gives, and are closed. 0: no
    /// limit other than <c>maxSessions</c>. Clients behind one NAT, or one load balancer, have one address.
    /// </summary>
    public int MaxSessionsPerAddress { get; init; }

    /// <summary>
    /// <c>authenticationTimeout</c>: where authentication is demanded, by the listener's <c>users</c> or by the master itself, a client
    /// that has not authenticated within this time and has no request pending is closed, up to a quarter of the time later; 0 turns it
    /// off.
    /// </summary>
    public TimeSpan AuthenticationTimeout { get; init; } = TimeSpan.FromMinutes(1);
}

/// <summary><c>keepAlive</c>: TCP keepalive (tcp(7)). It keeps idle connections alive in firewalls and finds dead idle peers.</summary>
internal sealed record KeepAliveOptions
{
    /// <summary><c>time</c>: silence before the first probe, in whole seconds.</summary>
    public TimeSpan Time { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary><c>interval</c>: between probes, in whole seconds.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary><c>retries</c>: unanswered probes before the connection is given up.</summary>
    public int Retries { get; init; } = 3;
}

/// <summary><c>hold</c>: how requests wait while no master can take them.</summary>
internal sealed record HoldOptions
{
    /// <summary><c>timeout</c>: of one request; then it is answered as not executed.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary><c>maxOutage</c>: when an outage lasts longer, requests are answered at once.</summary>
    public TimeSpan MaxOutage { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary><c>planned</c>: hold from the first events of a planned failover on.</summary>
    public bool Planned { get; init; } = true;

    /// <summary><c>plannedTimeout</c>: if a planned failover yields no new master within this time, the hold ends.</summary>
    public TimeSpan PlannedTimeout { get; init; } = TimeSpan.FromSeconds(3);
}

/// <summary><c>replay</c>: what is done about requests and session state whose backend was lost.</summary>
internal sealed record ReplayOptions
{
    /// <summary><c>maxBytesPerSession</c>: bytes of unanswered requests that are kept to be sent again.</summary>
    public int MaxBytesPerSession { get; init; } = 64 * 1024;

    /// <summary><c>reads</c>: send unanswered reads again on the new master; false treats them like writes.</summary>
    public bool Reads { get; init; } = true;

    /// <summary>
    /// <c>blocking</c>: send blocking pops and stream reads that were lost with their connection again, for the time they have left.
    /// False: an element may have been popped and lost, so their outcome is unknown.
    /// </summary>
    public bool Blocking { get; init; }

    /// <summary><c>onUnknownOutcome</c>: for requests that were sent and never answered.</summary>
    public UnknownOutcomeAction OnUnknownOutcome { get; init; }

    /// <summary>
    /// <c>onUnknownBlocking</c>: the same for blocking pops and stream reads: programs that wait for work in one expect their connection
    /// to break, and many terminate at an error.
    /// </summary>
    public UnknownOutcomeAction OnUnknownBlocking { get; init; } = UnknownOutcomeAction.Disconnect;

    /// <summary><c>notExecutedCode</c>: the error code of requests that were certainly not executed.</summary>
    public NotExecutedCode NotExecutedCode { get; init; }
}

/// <summary><c>replay.onUnknownOutcome</c>: what a client gets for a request that was sent and never answered.</summary>
internal enum UnknownOutcomeAction
{
    /// <summary>An error in the request's place; the connection stays.</summary>
    Error,

    /// <summary>The connection is closed. Many clients then send the request again, so a write may be executed twice.</summary>
    Disconnect,
}

/// <summary><c>replay.notExecutedCode</c>: clients differ in which of these they send again on their own.</summary>
internal enum NotExecutedCode
{
    /// <summary>As a server that is loading its data. Understood by most clients; many try again.</summary>
    Loading,

    /// <summary>As a replica that has lost its master.</summary>
    MasterDown,

    /// <summary>As a cluster in the middle of moving a slot.</summary>
    TryAgain,

    /// <summary>As a cluster that is not complete.</summary>
    ClusterDown,
}

/// <summary><c>admin</c>: the operators' HTTP surface.</summary>
internal sealed record AdminOptions
{
    /// <summary>
    /// <c>bind</c>: the empty string turns it off. Over <c>unix:/path</c>, a file that only the proxy's user may open, no token is
    /// needed.
    /// </summary>
    public BindAddress? Bind { get; init; } = BindAddress.OfTcp(new HostEndpoint("127.0.0.1", 9180));

    /// <summary>
    /// <c>allowedHosts</c>: further names by which browsers and scrapers may call the admin surface, without a port; <c>*</c> allows all.
    /// Addresses, names without a dot, <c>*.localhost</c>, <c>*.svc</c>, <c>*.cluster.local</c>, <c>*.internal</c> and the host of
    /// <c>bind</c> are always allowed, and any name for <c>/healthz</c>. Other names get 403, because of DNS rebinding.
    /// </summary>
    public IReadOnlyList<string> AllowedHosts { get; init; } = [];

    /// <summary>
    /// <c>token</c> or the first line of <c>tokenFile</c>: what a caller has to present to change anything. Default: none, nothing can be
    /// changed over TCP.
    /// </summary>
    public string? Token { get; init; }

    /// <inheritdoc cref="SentinelOptions.ToString"/>
    public override string ToString() => $"Admin {Bind?.ToString() ?? "off"}";
}

/// <summary><c>shutdown</c>: what happens on SIGTERM.</summary>
internal sealed record ShutdownOptions
{
    /// <summary><c>drainTimeout</c>: sessions that are not quiescent by then are aborted.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary><c>minDelay</c>: keep accepting for this long first, so that load balancers notice.</summary>
    public TimeSpan MinDelay { get; init; }
}

/// <summary><c>loops</c>: the data plane's threads.</summary>
internal sealed record LoopOptions
{
    /// <summary><c>count</c>: 0: one for each processor, but at most 4.</summary>
    public int Count { get; init; }

    /// <summary>
    /// <c>maxBufferMemory</c>: of all sessions' buffers together. Beyond it, the sessions that hold most are reset. 0: half of the memory
    /// that this process may use (its container's limit, or the machine's).
    /// </summary>
    public long MaxBufferMemory { get; init; }
}
