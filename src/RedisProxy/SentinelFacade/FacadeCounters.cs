namespace RedisProxy.SentinelFacade;

/// <summary>The kind of a request to the facade, for metrics.</summary>
internal enum FacadeCommandKind
{
    /// <summary>SENTINEL GET-MASTER-ADDR-BY-NAME.</summary>
    Address,

    /// <summary>Other questions: SENTINEL MASTERS and similar, INFO, ROLE, COMMAND.</summary>
    Query,

    /// <summary>SUBSCRIBE and similar.</summary>
    Subscription,

    /// <summary>About the connection itself: HELLO, AUTH, PING, CLIENT, RESET, QUIT.</summary>
    Connection,

    /// <summary>Answered with an error right away: unknown, not authenticated, or not available in a facade.</summary>
    Refused,
}

/// <summary>Since the start. Any thread.</summary>
internal sealed class FacadeCounters
{
    private readonly long[] _commands = new long[Enum.GetValues<FacadeCommandKind>().Length];
    private long _connections;
    private long _refused;
    private long _dropped;

    /// <summary>Open now.</summary>
    public long Connections => Interlocked.Read(ref _connections);

    /// <summary>Connections beyond <c>sentinelFacade.maxConnections</c>.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Connections ended by the facade: protocol error, no authentication in time, or a subscriber that does not read.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    public long CommandsOf(FacadeCommandKind kind) => Interlocked.Read(ref _commands[(int)kind]);

    public void CountCommand(FacadeCommandKind kind) => Interlocked.Increment(ref _commands[(int)kind]);

    public void CountOpened() => Interlocked.Increment(ref _connections);

    public void CountClosed() => Interlocked.Decrement(ref _connections);

    public void CountRefused() => Interlocked.Increment(ref _refused);

    public void CountDropped() => Interlocked.Increment(ref _dropped);
}
