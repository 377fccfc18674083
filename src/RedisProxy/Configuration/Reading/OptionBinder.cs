using System.Net;

using Microsoft.Extensions.Configuration;

namespace RedisProxy.Configuration;

/// <summary>
/// Turns merged text into records, section by section; each method here is the list of a section's keys with their ranges. Defaults are
/// those of the records. Rules between keys of different sections are in <see cref="OptionRules"/>.
/// </summary>
internal sealed class OptionBinder
{
    private const string Networks = "[ \"10.0.0.0/8\", … ]";

    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private readonly OptionErrors _errors;
    private readonly string _directory;
    private readonly TlsSections _tls;

    private OptionBinder(OptionErrors errors, string directory)
    {
        _errors = errors;
        _directory = directory;
        _tls = new TlsSections(errors, directory);
    }

    /// <param name="configuration">All sources, merged.</param>
    /// <param name="errors">Gets what is wrong; the draft is good for more checks, but not for running, when there is anything.</param>
    /// <param name="directory">Where relative paths begin.</param>
    public static OptionDraft Bind(IConfiguration configuration, OptionErrors errors, string directory) =>
        OptionSection.ReadAll(configuration, errors, new OptionBinder(errors, directory).ReadAll);

    // The order of the reads, here and below, is the documentation's, and the order of the messages.
    private OptionDraft ReadAll(OptionSection all)
    {
        IReadOnlyList<ListenerDraft> listeners = all.Sections("listeners", "[ { \"bind\": \"host:port\", … }, … ]", ReadListener);
        if (all.IsEmpty("listeners"))
        {
            _errors.Add("listeners", "missing; expected at least one listener");
        }

        SentinelOptions sentinel = all.Section("sentinel", ReadSentinel);
        bool isEndpointGiven = false;
        var options = new ProxyOptions
        {
            Listeners = [],
            Sentinel = all.IsEmpty("sentinel") ? null : sentinel,
            Backend = all.Section("backend", backend =>
            {
                isEndpointGiven = backend.Has("endpoint");
                return ReadBackend(backend);
            }),
            Client = all.Section("client", ReadClient),
            Hold = all.Section("hold", ReadHold),
            Replay = all.Section("replay", ReadReplay),
            Admin = all.Section("admin", ReadAdmin),
            Shutdown = all.Section("shutdown", ReadShutdown),
            Loops = all.Section("loops", ReadLoops),
            Otlp = all.Section("otlp", otlp => OtlpSection.Read(otlp, ReadSecret, _errors)),
            Audit = all.Section("audit", ReadAudit),
            Roles = all.Section("roles", RoleSection.Read),
            SentinelFacade = all.Section(SentinelFacadeSection.Key, facade => SentinelFacadeSection.Read(facade, ReadCredentials)),
            Notify = new NotifySections(_errors, _directory, ReadSecret, NotifySections.MastersOf(listeners)).Read(all),
        };
        return new OptionDraft(listeners, isEndpointGiven, options);
    }

    private ListenerDraft ReadListener(OptionSection listener)
    {
        string? name = listener.Optional("name", ValueParsers.Name);
        BindAddress? bind = listener.Optional("bind", ValueParsers.Bind);
        if (!listener.Has("bind"))
        {
            _errors.Add(listener.PathOf("bind"), "missing; expected \"host:port\", \"[IPv6]:port\" or \"unix:/path\"");
        }

        string? master = listener.Optional("master", ValueParsers.Name);
        (ListenerRole role, ReplicaOptions replicas) = ReplicaSection.Read(listener, _errors);
        int maxSessions = listener.Value("maxSessions", ListenerOptions.DefaultMaxSessions, ValueParsers.WholeNumber(1, 1_000_000));
        ListenerTlsOptions? tls = _tls.ReadListener(listener);
        IReadOnlyList<IPNetwork> balancers = listener.Values("proxyProtocol", Networks, ValueParsers.Network);
        PubSubAction pubsub = listener.Value("pubsub", PubSubAction.Close, ValueParsers.Choice(
            ("close", PubSubAction.Close), ("resubscribe", PubSubAction.Resubscribe)));
        UserOptions[] users =
            [.. listener.Sections("users", "[ { \"username\": …, \"password\": … }, … ]", ReadUser).OfType<UserOptions>()];
        bool isUserEmpty = listener.Has("backendUser") && listener.IsEmpty("backendUser");
        UserOptions? backendUser = listener.Section("backendUser", user => user.IsGiven || isUserEmpty ? ReadUser(user) : null);
        return new ListenerDraft(listener)
        {
            Name = name,
            Bind = bind,
            Master = master,
            Role = role,
            Replicas = replicas,
            MaxSessions = maxSessions,
            PubSub = pubsub,
            Tls = tls,
            ProxyProtocol = balancers,
            Users = users,
            BackendUser = backendUser,
        };
    }

    // Null when there is no password, and that was reported.
    private UserOptions? ReadUser(OptionSection user)
    {
        string? name = user.Optional("username", ValueParsers.Text);
        string? password = ReadSecret(user, "password");
        if (!user.Has("password") && !user.Has("passwordFile"))
        {
            _errors.Add(user.PathOf("password"), "missing; expected password or passwordFile");
        }

        return password is null ? null : new UserOptions { Username = name ?? UserOptions.DefaultName, Password = password };
    }

    private SentinelOptions ReadSentinel(OptionSection sentinel)
    {
        var defaults = new SentinelOptions { Endpoints = [] };
        IReadOnlyList<HostEndpoint> endpoints = sentinel.Values("endpoints", "[ \"host:port\", … ]", ValueParsers.Destination);
        if (sentinel.IsGiven && sentinel.IsEmpty("endpoints"))
        {
            _errors.Add(sentinel.PathOf("endpoints"), "missing; expected the address of at least one Sentinel");
        }

        (string? username, string? password) = ReadCredentials(sentinel);
        PeerTlsOptions? tls = _tls.ReadPeer(sentinel, hasName: true);
        return new SentinelOptions
        {
            Endpoints = endpoints,
            Username = username,
            Password = password,
            Tls = tls,
            PollInterval = sentinel.Value(
                "pollInterval", defaults.PollInterval, ValueParsers.Duration(TimeSpan.FromMilliseconds(100), Minute)),
            RequireMajority = sentinel.Value("requireMajority", defaults.RequireMajority, ValueParsers.Boolean),
            AddressMap = sentinel.Map("addressMap", ValueParsers.Announced, ValueParsers.Destination),
            AllowedNetworks = sentinel.Values("allowedNetworks", Networks, ValueParsers.Network),
        };
    }

    private BackendOptions ReadBackend(OptionSection backend)
    {
        var defaults = new BackendOptions();
        HostEndpoint? endpoint = backend.Optional("endpoint", ValueParsers.Destination);
        (string? username, string? password) = ReadCredentials(backend);
        PeerTlsOptions? tls = _tls.ReadPeer(backend, hasName: backend.Has("endpoint"));
        return new BackendOptions
        {
            Endpoint = endpoint,
            Username = username,
            Password = password,
            Tls = tls,
            ConnectTimeout = backend.Value(
                "connectTimeout", defaults.ConnectTimeout, ValueParsers.Duration(TimeSpan.FromMilliseconds(10), Minute)),
            KeepAlive = backend.Section("keepAlive", ReadKeepAlive),
            UserTimeout = backend.Value("userTimeout", defaults.UserTimeout, ValueParsers.Duration(TimeSpan.Zero, Hour)),
            MaxConcurrentConnects = backend.Value(
                "maxConcurrentConnects", defaults.MaxConcurrentConnects, ValueParsers.WholeNumber(1, 10_000)),
            ProxyProtocol = backend.Value("proxyProtocol", defaults.ProxyProtocol, ValueParsers.Boolean),
        };
    }

    private (string? Username, string? Password) ReadCredentials(OptionSection section)
    {
        string? username = section.Optional("username", ValueParsers.Text);
        string? password = ReadSecret(section, "password");
        if (username is not null && !section.Has("password") && !section.Has("passwordFile"))
        {
            _errors.Add(
                section.PathOf("username"), $"{QuotedValue.Of(username)} has no password; expected password or passwordFile as well");
        }

        return (username, password);
    }

    /// <summary>A secret that is given as it is, or by the name of its file.</summary>
    private string? ReadSecret(OptionSection section, string key)
    {
        string fileKey = $"{key}File";
        string? secret = section.Optional<string>(key, ValueParsers.Secret);
        string? file = section.Optional(fileKey, ValueParsers.Text);
        if (section.Has(key) && section.Has(fileKey))
        {
            _errors.Add(section.PathOf(fileKey), $"is given together with {key}; expected one of them");
        }
        else if (file is not null)
        {
            secret = SecretFile.Read(file, _directory, key, out string complaint);
            if (secret is null)
            {
                _errors.Add(section.PathOf(fileKey), complaint);
            }
        }

        return secret;
    }

    private static ClientOptions ReadClient(OptionSection client) => new()
    {
        KeepAlive = client.Section("keepAlive", ReadKeepAlive),
        UserTimeout = client.Value("userTimeout", new ClientOptions().UserTimeout, ValueParsers.Duration(TimeSpan.Zero, Hour)),
        MaxSessionsPerAddress = client.Value(
            "maxSessionsPerAddress", new ClientOptions().MaxSessionsPerAddress, ValueParsers.WholeNumber(0, 1_000_000)),
        AuthenticationTimeout = client.Value(
            "authenticationTimeout", new ClientOptions().AuthenticationTimeout, ValueParsers.Duration(TimeSpan.Zero, Hour)),
    };

    private static KeepAliveOptions ReadKeepAlive(OptionSection keepAlive)
    {
        var defaults = new KeepAliveOptions();
        return new KeepAliveOptions
        {
            Time = keepAlive.Value("time", defaults.Time, ValueParsers.WholeSeconds(Second, 9 * Hour)),
            Interval = keepAlive.Value("interval", defaults.Interval, ValueParsers.WholeSeconds(Second, 9 * Hour)),
            Retries = keepAlive.Value("retries", defaults.Retries, ValueParsers.WholeNumber(1, 127)),
        };
    }

    private static HoldOptions ReadHold(OptionSection hold)
    {
        var defaults = new HoldOptions();
        return new HoldOptions
        {
            Timeout = hold.Value("timeout", defaults.Timeout, ValueParsers.Duration(TimeSpan.Zero, Hour)),
            MaxOutage = hold.Value("maxOutage", defaults.MaxOutage, ValueParsers.Duration(TimeSpan.Zero, 24 * Hour)),
            Planned = hold.Value("planned", defaults.Planned, ValueParsers.Boolean),
            PlannedTimeout = hold.Value(
                "plannedTimeout", defaults.PlannedTimeout, ValueParsers.Duration(TimeSpan.FromMilliseconds(100), Minute)),
        };
    }

    private static ReplayOptions ReadReplay(OptionSection replay)
    {
        var defaults = new ReplayOptions();
        int maxBytes = replay.Value("maxBytesPerSession", defaults.MaxBytesPerSession, ValueParsers.Size(1 << 10, 64 << 20));
        bool reads = replay.Value("reads", defaults.Reads, ValueParsers.Boolean);
        return new ReplayOptions
        {
            MaxBytesPerSession = maxBytes,
            Reads = reads,
            Blocking = replay.Value("blocking", defaults.Blocking, ValueParsers.Boolean),
            OnUnknownOutcome = ReadUnknownOutcome(replay, "onUnknownOutcome", defaults.OnUnknownOutcome),
            OnUnknownBlocking = ReadUnknownOutcome(replay, "onUnknownBlocking", defaults.OnUnknownBlocking),
            NotExecutedCode = replay.Value("notExecutedCode", defaults.NotExecutedCode, ValueParsers.Choice(
                ("LOADING", NotExecutedCode.Loading),
                ("MASTERDOWN", NotExecutedCode.MasterDown),
                ("TRYAGAIN", NotExecutedCode.TryAgain),
                ("CLUSTERDOWN", NotExecutedCode.ClusterDown))),
        };
    }

    private static UnknownOutcomeAction ReadUnknownOutcome(OptionSection replay, string key, UnknownOutcomeAction fallback) =>
        replay.Value(key, fallback, ValueParsers.Choice(
            ("error", UnknownOutcomeAction.Error), ("disconnect", UnknownOutcomeAction.Disconnect)));

    private AdminOptions ReadAdmin(OptionSection admin)
    {
        var defaults = new AdminOptions();
        BindAddress? bind = admin.Optional("bind", ValueParsers.BindOrOff);
        bool isOff = admin.Has("bind") && bind is null;
        IReadOnlyList<string> hosts = admin.Values("allowedHosts", "a list of names", ValueParsers.AdminHost);
        return new AdminOptions
        {
            Bind = isOff ? null : bind ?? defaults.Bind,
            AllowedHosts = hosts.Count > 0 ? hosts : defaults.AllowedHosts,
            Token = ReadSecret(admin, "token"),
        };
    }

    private static ShutdownOptions ReadShutdown(OptionSection shutdown)
    {
        var defaults = new ShutdownOptions();
        return new ShutdownOptions
        {
            DrainTimeout = shutdown.Value("drainTimeout", defaults.DrainTimeout, ValueParsers.Duration(TimeSpan.Zero, Hour)),
            MinDelay = shutdown.Value("minDelay", defaults.MinDelay, ValueParsers.Duration(TimeSpan.Zero, 10 * Minute)),
        };
    }

    private static AuditOptions ReadAudit(OptionSection audit) => new()
    {
        Interval = audit.Value(
            "interval", new AuditOptions().Interval, ValueParsers.DurationOrNever(10 * Second, TimeSpan.FromHours(24))),
    };

    private static LoopOptions ReadLoops(OptionSection loops) => new()
    {
        Count = loops.Value("count", new LoopOptions().Count, ValueParsers.WholeNumber(0, 64)),
        MaxBufferMemory = loops.Value(
            "maxBufferMemory", new LoopOptions().MaxBufferMemory, ValueParsers.SizeOrAutomatic(16L << 20, 1L << 40)),
    };
}
