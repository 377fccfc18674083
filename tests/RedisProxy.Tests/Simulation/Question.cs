namespace RedisProxy.Tests.Simulation;

/// <summary>What a client asked, and so what it may be answered.</summary>
internal enum Asked
{
    /// <summary>A read of the connection's state.</summary>
    Read,
    Write,
    Publish,
    Pop,
    Wait,

    /// <summary>PING, of a connection that has subscribed.</summary>
    Ping,

    /// <summary>A read of data, to be kept by the client.</summary>
    Data,
    Select,
    Name,
    Protocol,
    User,
    Reset,
    Tracking,
    Subscribe,
    ReplyOn,
    ReplyOff,
    ReplySkip,
    Watch,
    Multi,
    Queued,
    Exec,
}

/// <param name="Kind">What.</param>
/// <param name="Text">Its argument: a key, a number, a name.</param>
/// <param name="Fate">Of a write.</param>
/// <param name="Writes">Of EXEC: those of the transaction.</param>
internal sealed record Question(Asked Kind, string Text = "", WriteFate? Fate = null, IReadOnlyList<WriteFate>? Writes = null)
{
    public long AskedAtUs { get; init; }

    /// <summary>By CLIENT REPLY it gets no answer.</summary>
    public bool IsSilent { get; init; }

    /// <summary>By CLIENT REPLY it gets no answer if it is refused; if not, it is confirmed.</summary>
    public bool IsSilentIfRefused { get; init; }

    /// <summary>What is behind it means something else when it was not executed.</summary>
    public bool ChangesState => Kind is >= Asked.Select and <= Asked.Watch;

    /// <summary>It, or one of its transaction; all of those are executed together.</summary>
    public WriteFate? AnyWrite => Fate ?? Writes?[^1];

    /// <summary>It cannot have changed any data.</summary>
    public bool IsHarmless => Kind is Asked.Read or Asked.Data or Asked.Ping || (ChangesState && Kind != Asked.Watch);
}
