namespace RedisProxy.Configuration;

/// <summary>What is different between two valid configurations, key by key, and which of it a running proxy can take.</summary>
internal static class OptionChanges
{
    private static readonly OptionKey[] Keys =
    [
        new("sentinel.endpoints", o => List(o.Sentinel?.Endpoints)),
        new("sentinel.username", o => o.Sentinel?.Username),
        new("sentinel.password", o => o.Sentinel?.Password) { IsSecret = true },
        new("sentinel.tls", o => Tls(o.Sentinel?.Tls)) { NeedsRestart = true },
        new("sentinel.pollInterval", o => o.Sentinel?.PollInterval),
        new("sentinel.requireMajority", o => o.Sentinel?.RequireMajority),
        new("sentinel.addressMap", o => List(o.Sentinel?.AddressMap.Select(pair => $"{pair.Key}={pair.Value}").Order())),
        new("sentinel.allowedNetworks", o => List(o.Sentinel?.AllowedNetworks)),
        new("backend.endpoint", o => o.Backend.Endpoint),
        new("backend.username", o => o.Backend.Username),
        new("backend.password", o => o.Backend.Password) { IsSecret = true },
        new("backend.tls", o => Tls(o.Backend.Tls)) { NeedsRestart = true },
        new("backend.connectTimeout", o => o.Backend.ConnectTimeout),
        new("backend.keepAlive.time", o => o.Backend.KeepAlive.Time),
        new("backend.keepAlive.interval", o => o.Backend.KeepAlive.Interval),
        new("backend.keepAlive.retries", o => o.Backend.KeepAlive.Retries),
        new("backend.userTimeout", o => o.Backend.UserTimeout),
        new("backend.maxConcurrentConnects", o => o.Backend.MaxConcurrentConnects),
        new("backend.proxyProtocol", o => o.Backend.ProxyProtocol),
        new("client.keepAlive.time", o => o.Client.KeepAlive.Time),
        new("client.keepAlive.interval", o => o.Client.KeepAlive.Interval),
        new("client.keepAlive.retries", o => o.Client.KeepAlive.Retries),
        new("client.userTimeout", o => o.Client.UserTimeout),
        new("client.maxSessionsPerAddress", o => o.Client.MaxSessionsPerAddress),
        new("client.authenticationTimeout", o => o.Client.AuthenticationTimeout),
        new("hold.timeout", o => o.Hold.Timeout),
        new("hold.maxOutage", o => o.Hold.MaxOutage),
        new("hold.planned", o => o.Hold.Planned),
        new("hold.plannedTimeout", o => o.Hold.PlannedTimeout),
        new("replay.maxBytesPerSession", o => o.Replay.MaxBytesPerSession),
        new("replay.reads", o => o.Replay.Reads),
        new("replay.blocking", o => o.Replay.Blocking),
        new("replay.onUnknownOutcome", o => o.Replay.OnUnknownOutcome),
        new("replay.onUnknownBlocking", o => o.Replay.OnUnknownBlocking),
        new("replay.notExecutedCode", o => o.Replay.NotExecutedCode),
        new("admin.bind", o => o.Admin.Bind) { NeedsRestart = true },
        new("admin.allowedHosts", o => List(o.Admin.AllowedHosts)) { NeedsRestart = true },
        new("admin.token", o => o.Admin.Token) { IsSecret = true },
        new("shutdown.drainTimeout", o => o.Shutdown.DrainTimeout),
        new("shutdown.minDelay", o => o.Shutdown.MinDelay),
        new("loops.count", o => o.Loops.Count) { NeedsRestart = true },
        new("loops.maxBufferMemory", o => o.Loops.MaxBufferMemory) { NeedsRestart = true },
        new("otlp.endpoint", o => o.Otlp.Endpoint) { NeedsRestart = true },
        new("otlp.protocol", o => o.Otlp.Protocol == OtlpProtocol.Grpc ? "grpc" : "http/protobuf") { NeedsRestart = true },
        new("otlp.interval", o => o.Otlp.Interval) { NeedsRestart = true },
        new("otlp.timeout", o => o.Otlp.Timeout) { NeedsRestart = true },
        new("otlp.headers", o => o.Otlp.Headers) { IsSecret = true, NeedsRestart = true },
        new("audit.interval", o => o.Audit.Interval),
        new("roles.masters", o => List(o.Roles.Masters)),
        new("roles.master.config", o => Config(o.Roles.Master.Config)),
        new("roles.replica.config", o => Config(o.Roles.Replica.Config)),
        new("roles.interval", o => o.Roles.Interval),
        new("roles.rewrite", o => o.Roles.Rewrite),
        new("roles.dryRun", o => o.Roles.DryRun),
        new("sentinelFacade.bind", o => o.SentinelFacade.Bind) { NeedsRestart = true },
        new("sentinelFacade.advertise", o => List(o.SentinelFacade.Advertise.Select(pair => $"{pair.Key}={pair.Value}").Order())),
        new("sentinelFacade.username", o => o.SentinelFacade.Username),
        new("sentinelFacade.password", o => o.SentinelFacade.Password) { IsSecret = true },
        new("sentinelFacade.maxConnections", o => o.SentinelFacade.MaxConnections) { NeedsRestart = true },
    ];

    /// <summary>The names of all keys that are compared, those of listeners and receivers aside.</summary>
    public static IEnumerable<string> KeyNames => Keys.Select(key => key.Name);

    /// <summary>In the order of the documentation, listeners first.</summary>
    public static IReadOnlyList<OptionChange> Between(ProxyOptions old, ProxyOptions now)
    {
        var changes = new List<OptionChange>(BetweenListeners(old.Listeners, now.Listeners));
        foreach (OptionKey key in Keys)
        {
            (object? before, object? after) = (key.Read(old), key.Read(now));
            if (!Equals(before, after))
            {
                string what = key.IsSecret ? "changed" : $"{OptionChange.Show(before)} → {OptionChange.Show(after)}";
                changes.Add(new OptionChange($"{key.Name}: {what}", key.NeedsRestart));
            }
        }

        changes.AddRange(NotifyChanges.Between(old.Notify, now.Notify));
        return changes;
    }

    /// <summary>The new options, with the old value where a change needs a restart.</summary>
    public static ProxyOptions WhatCanBeTaken(ProxyOptions old, ProxyOptions now) => now with
    {
        Admin = now.Admin with { Bind = old.Admin.Bind, AllowedHosts = old.Admin.AllowedHosts },
        Loops = old.Loops,
        Otlp = old.Otlp,
        SentinelFacade = now.SentinelFacade with
        {
            Bind = old.SentinelFacade.Bind,
            MaxConnections = old.SentinelFacade.MaxConnections,
        },
        Sentinel = now.Sentinel is null ? null : now.Sentinel with { Tls = old.Sentinel?.Tls },
        Backend = now.Backend with { Tls = old.Backend.Tls },
        Listeners = [.. now.Listeners.Select(listener => Find(old.Listeners, listener.Name) is { } before
            ? KeepFixed(before, listener)
            : listener)],
    };

    /// <summary>Why the whole of it cannot be taken; null when it can.</summary>
    public static string? Refusal(ProxyOptions old, ProxyOptions now) => (old.Sentinel, now.Sentinel) switch
    {
        (null, not null) => "sentinel: cannot take the place of backend.endpoint while the proxy runs; restart it",
        (not null, null) => "backend.endpoint: cannot take the place of sentinel while the proxy runs; restart it",
        _ => now.Listeners.FirstOrDefault(listener => listener.Tls is not null && Find(old.Listeners, listener.Name) is null) is { } added
            ? $"listener '{added.Name}': cannot begin with tls while the proxy runs; restart it"
            : null,
    };

    private static ListenerOptions KeepFixed(ListenerOptions old, ListenerOptions now)
    {
        ListenerOptions taken = now with { Master = old.Master, Role = old.Role, Tls = old.Tls };
        return OwnsOtherwise(old, now) ? taken with { Users = old.Users, BackendUser = old.BackendUser } : taken;
    }

    // Sessions whose user is known to the master cannot become such whose user is not, nor the other way.
    private static bool OwnsOtherwise(ListenerOptions old, ListenerOptions now) => old.OwnsAuthentication != now.OwnsAuthentication;

    private static IEnumerable<OptionChange> BetweenListeners(
        IReadOnlyList<ListenerOptions> old, IReadOnlyList<ListenerOptions> now)
    {
        foreach (ListenerOptions gone in old.Where(listener => Find(now, listener.Name) is null))
        {
            yield return new OptionChange($"listener '{gone.Name}' on {gone.Bind}: removed", NeedsRestart: false);
        }

        foreach (ListenerOptions listener in now)
        {
            if (Find(old, listener.Name) is not { } before)
            {
                yield return new OptionChange($"listener '{listener.Name}' on {listener.Bind}: added", NeedsRestart: false);
                continue;
            }

            foreach ((string key, object? from, object? to, bool needsRestart) in KeysOf(before, listener))
            {
                if (!Equals(from, to))
                {
                    yield return new OptionChange(
                        $"listener '{listener.Name}', {key}: {OptionChange.Show(from)} → {OptionChange.Show(to)}", needsRestart);
                }
            }
        }
    }

    private static IEnumerable<(string Key, object? From, object? To, bool NeedsRestart)> KeysOf(
        ListenerOptions old, ListenerOptions now) =>
    [
        ("bind", old.Bind, now.Bind, false),
        ("master", old.Master, now.Master, true),
        ("role", old.Role, now.Role, true),
        ("maxLagBytes", old.Replicas.MaxLagBytes, now.Replicas.MaxLagBytes, false),
        ("maxLagSeconds", old.Replicas.MaxLagSeconds, now.Replicas.MaxLagSeconds, false),
        ("fallback", old.Replicas.Fallback, now.Replicas.Fallback, false),
        ("slowStart", old.Replicas.SlowStart, now.Replicas.SlowStart, false),
        ("weights", Weights(old), Weights(now), false),
        ("maxSessions", old.MaxSessions, now.MaxSessions, false),
        ("pubsub", old.PubSub, now.PubSub, false),
        ("proxyProtocol", List(old.ProxyProtocol), List(now.ProxyProtocol), false),
        ("tls", Tls(old.Tls), Tls(now.Tls), true),
        ("users", Users([], old.Users), Users(old.Users, now.Users), OwnsOtherwise(old, now)),
        ("backendUser", old.BackendUser?.Username, Users(One(old.BackendUser), One(now.BackendUser)), OwnsOtherwise(old, now)),
    ];

    private static string Weights(ListenerOptions listener) =>
        List(listener.Replicas.Weights.Select(pair => $"{pair.Key}={pair.Value}").Order());

    private static ListenerOptions? Find(IReadOnlyList<ListenerOptions> listeners, string name) =>
        listeners.FirstOrDefault(listener => listener.Name == name);

    // Which files, not what is in them: they are read again by themselves when that changes.
    private static string? Tls(PeerTlsOptions? tls) =>
        tls is null ? null : $"{tls.Material.Files}, server name {tls.ServerName ?? "none"}, verified {tls.VerifyName}";

    private static string? Tls(ListenerTlsOptions? tls) => tls is null
        ? null
        : $"{tls.Material.Files}, {tls.RequireClientCertificate}, {tls.HandshakeTimeout}, {tls.MaxConcurrentHandshakes}";

    private static UserOptions[] One(UserOptions? user) => user is null ? [] : [user];

    // The names; passwords are compared and not shown.
    private static string? Users(IReadOnlyList<UserOptions> old, IReadOnlyList<UserOptions> now)
    {
        string names = List(now);
        return names == List(old) && !old.SequenceEqual(now) ? $"{names} with another password" : names.Length == 0 ? null : names;
    }

    private static string List<T>(IEnumerable<T>? values) => string.Join(", ", values ?? []);

    private static string Config(IReadOnlyDictionary<string, string> config) =>
        List(config.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key} '{pair.Value}'"));

    private sealed record OptionKey(string Name, Func<ProxyOptions, object?> Read)
    {
        /// <summary>Its values are not shown.</summary>
        public bool IsSecret { get; init; }

        public bool NeedsRestart { get; init; }
    }
}
