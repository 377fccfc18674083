using static RedisProxy.Configuration.ValueParsers;

namespace RedisProxy.Configuration;

/// <summary>A listener as read.</summary>
/// <param name="Section">Its section: its path and the given keys.</param>
/// <param name="Options">Without an address or a name when those are missing or invalid, which has been reported.</param>
/// <param name="IsNamed">Its name is not taken from its master.</param>
internal sealed record ListenerReading(OptionSection Section, ListenerOptions Options, bool IsNamed);

/// <summary>The keys of <c>listeners[]</c>.</summary>
internal static class ListenerKeys
{
    private static readonly string[] OfSocketFiles = ["socketMode", "socketGroup"];

    /// <summary>Not allowed for a listener that serves from the master.</summary>
    private static readonly KeyTable<ReplicaOptions> Replica = new KeyTable<ReplicaOptions>(new())
        .Value("maxLagBytes", LongSize("1KiB", "1024GiB"), o => o.MaxLagBytes, (o, v) => o with { MaxLagBytes = v })
        .Value("maxLagSeconds", WholeNumber(0, 3600), o => o.MaxLagSeconds, (o, v) => o with { MaxLagSeconds = v })
        .Value(
            "fallback",
            Choice(("master", ReplicaFallback.Master), ("reject", ReplicaFallback.Reject)),
            o => o.Fallback,
            (o, v) => o with { Fallback = v })
        .Value("slowStart", Duration("0s", "1h"), o => o.SlowStart, (o, v) => o with { SlowStart = v })
        .Map("weights", Network, WholeNumber(0, 1000), o => o.Weights, (o, v) => o with { Weights = v });

    private static readonly KeyTable<MultiplexOptions> Multiplex = new KeyTable<MultiplexOptions>(new())
        .Value("links", WholeNumber(0, 64), o => o.Links, (o, v) => o with { Links = v }).NeedsRestart();

    private static readonly KeyTable<DurableOptions> Durable = new KeyTable<DurableOptions>(new())
        .Value("replicas", WholeNumber(0, 16), o => o.Replicas, (o, v) => o with { Replicas = v }).NeedsRestart()
        .Value("timeout", Duration("1ms", "1h"), o => o.Timeout, (o, v) => o with { Timeout = v }).NeedsRestart()
        .Value(
            "onTimeout",
            Choice(("error", DurableTimeoutAction.Error), ("disconnect", DurableTimeoutAction.Disconnect)),
            o => o.OnTimeout,
            (o, v) => o with { OnTimeout = v })
        .NeedsRestart();

    public static KeyTable<UserOptions> User { get; } = new KeyTable<UserOptions>(new() { Password = "" })
        .Value("username", Text, o => o.Username, (o, v) => o with { Username = v })
        .Secret("password", o => o.Password, (o, v) => o with { Password = v! }).Required("password or passwordFile");

    public static KeyTable<ListenerOptions> Table { get; } = new KeyTable<ListenerOptions>(new() { Name = "", Bind = null! })
        .Value("name", Name, o => o.Name, (o, v) => o with { Name = v }).Identifies()
        .Value("bind", Bind, o => o.Bind, (o, v) => o with { Bind = v })
        .Required("\"host:port\", \"[IPv6]:port\" or \"unix:/path\"")
        .Value("socketMode", SocketMode.Rule, o => o.SocketMode, (o, v) => o with { SocketMode = v }).NeedsRestart()
        .Value("socketGroup", Text, o => o.SocketGroup, (o, v) => o with { SocketGroup = v }).NeedsRestart()
        .Check(static (section, o) => RequireUnix(section, o.Bind))
        .Value("master", Name, o => o.Master, (o, v) => o with { Master = v }).NeedsRestart()
        .Value(
            "role", Choice(("master", ListenerRole.Master), ("replica", ListenerRole.Replica)), o => o.Role, (o, v) => o with { Role = v })
        .NeedsRestart()
        .Part(Replica, o => o.Replicas, (o, v) => o with { Replicas = v })
        .Check(static (section, o) =>
        {
            foreach (OptionKey<ReplicaOptions> key in Replica.Keys.Where(key => o.Role == ListenerRole.Master && section.Has(key.Name)))
            {
                section.Refuse(key.Name, "applies only to replicas; expected role: replica as well");
            }
        })
        .Value("maxSessions", WholeNumber(1, 1_000_000), o => o.MaxSessions, (o, v) => o with { MaxSessions = v })
        .ServerTls(TlsKeys.Listener, o => o.Tls, (o, v) => o with { Tls = v })
        .Networks("proxyProtocol", o => o.ProxyProtocol, (o, v) => o with { ProxyProtocol = v })
        .Value(
            "pubsub",
            Choice(("close", PubSubAction.Close), ("resubscribe", PubSubAction.Resubscribe)),
            o => o.PubSub,
            (o, v) => o with { PubSub = v })
        .Section("multiplex", Multiplex, o => o.Multiplex, (o, v) => o with { Multiplex = v })
        .Section("durable", Durable, o => o.Durable, (o, v) => o with { Durable = v })
        .Check(static (section, o) =>
        {
            if (o.Role == ListenerRole.Replica && section.Has("durable"))
            {
                section.Refuse("durable", "applies only to the master, replicas take no writes");
            }
        })
        .Value("handoffs", TrueOrFalse, o => o.Handoffs, (o, v) => o with { Handoffs = v })
        .Value("handoffAddress", Destination, o => o.HandoffAddress, (o, v) => o with { HandoffAddress = v })
        .Check(static (section, o) =>
        {
            if (o.HandoffAddress is { Address.AddressFamily: System.Net.Sockets.AddressFamily.InterNetworkV6 } address)
            {
                section.Refuse("handoffAddress", $"\"{address}\" is not understood by all clients; expected a name or an IPv4 address");
            }
        })
        .Step((section, o) => o with
        {
            Users = ReadUsers(section),
            BackendUser = section.OptionalSection("backendUser", ReadUser),
        })
        .Declare(new OptionKey<ListenerOptions>(
            "users",
            (old, now) => (NamesOf([], old.Users), NamesOf(old.Users, now.Users)),
            (old, now) => now with { Users = old.Users })
        {
            Shape = new KeyShape(KeyForm.Section),
            NeedsRestartBetween = OwnsOtherwise,
        })
        .Declare(new OptionKey<ListenerOptions>(
            "backendUser",
            (old, now) => (old.BackendUser?.Username, NamesOf(ListOf(old.BackendUser), ListOf(now.BackendUser))),
            (old, now) => now with { BackendUser = old.BackendUser })
        {
            Shape = new KeyShape(KeyForm.Section),
            NeedsRestartBetween = OwnsOtherwise,
        });

    /// <summary>The names of the keys that apply only to a listener that serves from replicas.</summary>
    public static IReadOnlyCollection<string> OnlyForReplicas { get; } = [.. Replica.Keys.Select(static key => key.Name)];

    public static ListenerReading Read(OptionSection section)
    {
        ListenerOptions options = Table.Read(section);
        return options.Name.Length > 0
            ? new ListenerReading(section, options, IsNamed: true)
            : new ListenerReading(section, options with { Name = options.Master ?? "" }, IsNamed: false);
    }

    /// <summary>Other addresses have no file.</summary>
    public static void RequireUnix(OptionSection section, BindAddress? bind)
    {
        foreach (string key in OfSocketFiles.Where(key => bind?.Tcp is not null && section.Has(key)))
        {
            section.Refuse(key, $"applies only to unix:/path; expected no such key with \"{bind}\"");
        }
    }

    // An array, because lists compare by reference, and all empty arrays are the same.
    private static UserOptions[] ReadUsers(OptionSection listener) =>
        [.. listener.Sections("users", "[ { \"username\": …, \"password\": … }, … ]", ReadUser).OfType<UserOptions>()];

    // Null when there is no password, which has been reported.
    private static UserOptions? ReadUser(OptionSection user) => User.Read(user) is { Password.Length: > 0 } read ? read : null;

    // Sessions whose user is known to the master cannot become sessions whose user is not, or vice versa.
    private static bool OwnsOtherwise(ListenerOptions old, ListenerOptions now) => old.OwnsAuthentication != now.OwnsAuthentication;

    private static UserOptions[] ListOf(UserOptions? user) => user is null ? [] : [user];

    // The names; passwords are compared but not shown.
    private static string? NamesOf(IReadOnlyList<UserOptions> old, IReadOnlyList<UserOptions> now)
    {
        string? names = OptionKey.List(now);
        return names == OptionKey.List(old) && !old.SequenceEqual(now) ? $"{names} with another password" : names;
    }
}
