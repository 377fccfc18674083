namespace RedisProxy.Testing;

/// <summary>How a <see cref="FaultRelay"/> treats the bytes of one direction. Immutable: to change it, give the relay others.</summary>
public sealed record RelayConditions
{
    /// <summary>Everything is passed on at once.</summary>
    public static RelayConditions Clear { get; } = new();

    /// <summary>A wire that carries nothing, until other conditions are set: then what was held goes on, as after lost packets.</summary>
    public static RelayConditions Dead { get; } = new() { Blackhole = RelayBlackhole.Held };

    /// <summary>Each byte arrives so much later; their number per second is not limited by it.</summary>
    public TimeSpan Latency { get; init; }

    /// <summary>Null: no limit.</summary>
    public int? BytesPerSecond { get; init; }

    /// <summary>Each byte is a send, and with Nagle's algorithm off a packet, of its own.</summary>
    public bool IsByteByByte { get; init; }

    public RelayBlackhole Blackhole { get; init; }

    /// <summary>So much later than its last byte the end of a stream (FIN) is passed on.</summary>
    public TimeSpan CloseDelay { get; init; }
}

/// <summary>Neither bytes nor ends nor resets pass, and nobody is told.</summary>
public enum RelayBlackhole
{
    None,

    /// <summary>What comes is read no further than a few buffers, and is passed on when the conditions change.</summary>
    Held,

    /// <summary>What comes is read and thrown away.</summary>
    Swallowed,
}

/// <summary>Where bytes go.</summary>
[Flags]
public enum RelayDirections
{
    None = 0,

    /// <summary>Requests: from who connected to the relay.</summary>
    ToTarget = 1,

    /// <summary>Replies: to who connected to the relay.</summary>
    ToClient = 2,

    Both = ToTarget | ToClient,
}

/// <summary>Which connections something is done to.</summary>
[Flags]
public enum RelayScope
{
    None = 0,

    /// <summary>Those there are now.</summary>
    Existing = 1,

    /// <summary>Those that are accepted later.</summary>
    New = 2,

    All = Existing | New,
}

/// <summary>How a connection is ended.</summary>
public enum RelayEnd
{
    /// <summary>RST to both sides.</summary>
    Reset,

    /// <summary>FIN to both sides.</summary>
    Close,
}

/// <summary>After so many bytes of a direction the connection is ended.</summary>
internal sealed record RelayCut(long AfterBytes, RelayEnd How);
