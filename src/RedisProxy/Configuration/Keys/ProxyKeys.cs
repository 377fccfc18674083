using static RedisProxy.Configuration.ValueParsers;

namespace RedisProxy.Configuration;

/// <summary>The keys of the whole configuration, except those of its lists. The records define the defaults.</summary>
internal static class ProxyKeys
{
    private static readonly ValueRule<TimeSpan> UpToAnHour = Duration("0s", "1h");

    private static readonly ValueRule<UnknownOutcomeAction> UnknownOutcome = Choice(
        ("error", UnknownOutcomeAction.Error), ("disconnect", UnknownOutcomeAction.Disconnect));

    private static readonly ValueRule<PromotionProof> Proof = Choice(
        ("announced", PromotionProof.Announced),
        ("observed", PromotionProof.Observed));

    private static readonly ValueRule<NotExecutedCode> NotExecuted = Choice(
        ("LOADING", NotExecutedCode.Loading),
        ("MASTERDOWN", NotExecutedCode.MasterDown),
        ("TRYAGAIN", NotExecutedCode.TryAgain),
        ("CLUSTERDOWN", NotExecutedCode.ClusterDown));

    private static readonly KeyTable<KeepAliveOptions> KeepAlive = new KeyTable<KeepAliveOptions>(new())
        .Value("time", WholeSeconds("1s", "9h"), o => o.Time, (o, v) => o with { Time = v })
        .Value("interval", WholeSeconds("1s", "9h"), o => o.Interval, (o, v) => o with { Interval = v })
        .Value("retries", WholeNumber(1, 127), o => o.Retries, (o, v) => o with { Retries = v });

    private static readonly KeyTable<SentinelOptions> Sentinel = new KeyTable<SentinelOptions>(new() { Endpoints = [] })
        .List("endpoints", "[ \"host:port\", … ]", Destination, o => o.Endpoints, (o, v) => o with { Endpoints = v })
        .Required("the address of at least one Sentinel", section => section.IsGiven && section.IsEmpty("endpoints"))
        .Credentials(o => o.Username, (o, v) => o with { Username = v }, o => o.Password, (o, v) => o with { Password = v })
        .PeerTls(_ => true, o => o.Tls, (o, v) => o with { Tls = v })
        .Value("pollInterval", Duration("100ms", "1m"), o => o.PollInterval, (o, v) => o with { PollInterval = v })
        .Value("requireMajority", TrueOrFalse, o => o.RequireMajority, (o, v) => o with { RequireMajority = v })
        .Map("addressMap", Announced, Destination, o => o.AddressMap, (o, v) => o with { AddressMap = v })
        .Networks("allowedNetworks", o => o.AllowedNetworks, (o, v) => o with { AllowedNetworks = v });

    private static readonly KeyTable<BackendOptions> Backend = new KeyTable<BackendOptions>(new())
        .Value("endpoint", Destination, o => o.Endpoint, (o, v) => o with { Endpoint = v })
        .Credentials(o => o.Username, (o, v) => o with { Username = v }, o => o.Password, (o, v) => o with { Password = v })
        .PeerTls(section => section.Has("endpoint"), o => o.Tls, (o, v) => o with { Tls = v })
        .Value("connectTimeout", Duration("10ms", "1m"), o => o.ConnectTimeout, (o, v) => o with { ConnectTimeout = v })
        .Section("keepAlive", KeepAlive, o => o.KeepAlive, (o, v) => o with { KeepAlive = v })
        .Value("userTimeout", UpToAnHour, o => o.UserTimeout, (o, v) => o with { UserTimeout = v })
        .Value(
            "maxConcurrentConnects", WholeNumber(1, 10_000), o => o.MaxConcurrentConnects, (o, v) => o with { MaxConcurrentConnects = v })
        .Value("proxyProtocol", TrueOrFalse, o => o.ProxyProtocol, (o, v) => o with { ProxyProtocol = v });

    private static readonly KeyTable<ClientOptions> Client = new KeyTable<ClientOptions>(new())
        .Section("keepAlive", KeepAlive, o => o.KeepAlive, (o, v) => o with { KeepAlive = v })
        .Value("userTimeout", UpToAnHour, o => o.UserTimeout, (o, v) => o with { UserTimeout = v })
        .Value(
            "maxSessionsPerAddress",
            WholeNumber(0, 1_000_000),
            o => o.MaxSessionsPerAddress,
            (o, v) => o with { MaxSessionsPerAddress = v })
        .Value("authenticationTimeout", UpToAnHour, o => o.AuthenticationTimeout, (o, v) => o with { AuthenticationTimeout = v });

    private static readonly KeyTable<HoldOptions> Hold = new KeyTable<HoldOptions>(new())
        .Value("timeout", UpToAnHour, o => o.Timeout, (o, v) => o with { Timeout = v })
        .Value("maxOutage", Duration("0s", "24h"), o => o.MaxOutage, (o, v) => o with { MaxOutage = v })
        .Value("planned", TrueOrFalse, o => o.Planned, (o, v) => o with { Planned = v })
        .Value("plannedTimeout", Duration("100ms", "1m"), o => o.PlannedTimeout, (o, v) => o with { PlannedTimeout = v })
        .Value("acceptPromoted", Proof, o => o.AcceptPromoted, (o, v) => o with { AcceptPromoted = v });

    private static readonly KeyTable<ReplayOptions> Replay = new KeyTable<ReplayOptions>(new())
        .Value("maxBytesPerSession", Size("1KiB", "64MiB"), o => o.MaxBytesPerSession, (o, v) => o with { MaxBytesPerSession = v })
        .Value("reads", TrueOrFalse, o => o.Reads, (o, v) => o with { Reads = v })
        .Value("blocking", TrueOrFalse, o => o.Blocking, (o, v) => o with { Blocking = v })
        .Value("onUnknownOutcome", UnknownOutcome, o => o.OnUnknownOutcome, (o, v) => o with { OnUnknownOutcome = v })
        .Value("onUnknownBlocking", UnknownOutcome, o => o.OnUnknownBlocking, (o, v) => o with { OnUnknownBlocking = v })
        .Value("notExecutedCode", NotExecuted, o => o.NotExecutedCode, (o, v) => o with { NotExecutedCode = v });

    private static readonly KeyTable<AdminOptions> Admin = new KeyTable<AdminOptions>(new())
        .Value("bind", BindOrOff, o => o.Bind, (o, v) => o with { Bind = v }).NeedsRestart()

        // An invalid address clashes with no other.
        .Step((section, o) => section.Has("bind") && !section.IsGood("bind") ? o with { Bind = null } : o)
        .Value("socketMode", SocketMode.Rule, o => o.SocketMode, (o, v) => o with { SocketMode = v }).NeedsRestart()
        .Value("socketGroup", Text, o => o.SocketGroup, (o, v) => o with { SocketGroup = v }).NeedsRestart()
        .Check(static (section, o) => ListenerKeys.RequireUnix(section, o.Bind))
        .Value("metricsBind", BindOrOff, o => o.MetricsBind, (o, v) => o with { MetricsBind = v }).NeedsRestart()
        .ServerTls(TlsKeys.Server, o => o.Tls, (o, v) => o with { Tls = v })
        .List("allowedHosts", "a list of names", AdminHost, o => o.AllowedHosts, (o, v) => o with { AllowedHosts = v }).NeedsRestart()
        .Secret("token", o => o.Token, (o, v) => o with { Token = v })
        .Check(static (section, o) =>
        {
            if (o.Token is { } token && BearerToken.Complaint(token) is { } complaint)
            {
                section.Refuse(section.Has("token") ? "token" : "tokenFile", complaint);
            }
        });

    private static readonly KeyTable<ShutdownOptions> Shutdown = new KeyTable<ShutdownOptions>(new())
        .Value("drainTimeout", UpToAnHour, o => o.DrainTimeout, (o, v) => o with { DrainTimeout = v })
        .Value("minDelay", Duration("0s", "10m"), o => o.MinDelay, (o, v) => o with { MinDelay = v });

    private static readonly KeyTable<LoopOptions> Loops = new KeyTable<LoopOptions>(new())
        .Value("count", WholeNumber(0, 64), o => o.Count, (o, v) => o with { Count = v }).NeedsRestart()
        .Value(
            "transport",
            Choice(("auto", LoopTransport.Auto), ("epoll", LoopTransport.Epoll), ("pipelines", LoopTransport.Pipelines)),
            o => o.Transport,
            (o, v) => o with { Transport = v })
        .NeedsRestart()
        .Value("maxBufferMemory", SizeOrAutomatic("16MiB", "1024GiB"), o => o.MaxBufferMemory, (o, v) => o with { MaxBufferMemory = v })
        .NeedsRestart();

    private static readonly KeyTable<AuditOptions> Audit = new KeyTable<AuditOptions>(new())
        .Value("interval", DurationOrNever("10s", "24h"), o => o.Interval, (o, v) => o with { Interval = v });

    private static readonly KeyTable<SlowlogOptions> Slowlog = new KeyTable<SlowlogOptions>(new())
        .Value("threshold", UpToAnHour, o => o.Threshold, (o, v) => o with { Threshold = v });

    public static KeyTable<ProxyOptions> Table { get; } = new KeyTable<ProxyOptions>(new() { Listeners = [] })
        .Step((all, o) => all.Section("sentinel", Sentinel.Read) is var read && all.IsEmpty("sentinel") ? o : o with { Sentinel = read })
        .KeysOf("sentinel.", Sentinel, o => o.Sentinel, (o, v) => o with { Sentinel = v })
        .Section("backend", Backend, o => o.Backend, (o, v) => o with { Backend = v })
        .Section("client", Client, o => o.Client, (o, v) => o with { Client = v })
        .Section("hold", Hold, o => o.Hold, (o, v) => o with { Hold = v })
        .Section("replay", Replay, o => o.Replay, (o, v) => o with { Replay = v })
        .Section("admin", Admin, o => o.Admin, (o, v) => o with { Admin = v })
        .Section("shutdown", Shutdown, o => o.Shutdown, (o, v) => o with { Shutdown = v })
        .Section("loops", Loops, o => o.Loops, (o, v) => o with { Loops = v })
        .Section("otlp", OtlpKeys.Table, o => o.Otlp, (o, v) => o with { Otlp = v })
        .Section("audit", Audit, o => o.Audit, (o, v) => o with { Audit = v })
        .Section("slowlog", Slowlog, o => o.Slowlog, (o, v) => o with { Slowlog = v })
        .Section("roles", RoleKeys.Table, o => o.Roles, (o, v) => o with { Roles = v })
        .Section("sentinelFacade", SentinelFacadeKeys.Table, o => o.SentinelFacade, (o, v) => o with { SentinelFacade = v });
}
