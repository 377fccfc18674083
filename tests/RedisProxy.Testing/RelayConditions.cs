namespace RedisProxy.Testing;

/// <summary>How a <see cref="FaultRelay"/> treats the bytes of one direction. Immutable: to change it, apply others to the relay.</summary>
public sealed record RelayConditions
{
    /// <summary>Everything is relayed at once.</summary>
    public static RelayConditions Clear { get; } = new();

    /// <summary>A wire that carries nothing until other conditions apply: then the held bytes continue, as after lost packets.</summary>
    public static RelayConditions Dead { get; } = new() { Blackhole = RelayBlackhole.Held };

    /// <summary>Delay of each byte; does not limit the throughput.</summary>
    public TimeSpan Latency { get; init; }

    /// <summary>Null: no limit.</summary>
    public int? BytesPerSecond { get; init; }

    /// <summary>Each byte is a separate send and, with Nagle's algorithm off, a separate packet.</summary>
    public bool IsByteByByte { get; init; }

    public RelayBlackhole Blackhole { get; init; }

    /// <summary>Delay of the end of a stream (FIN) after its last byte.</summary>
    public TimeSpan CloseDelay { get; init; }
}

/// <summary>Neither bytes nor FIN nor RST pass, and no side notices.</summary>
public enum RelayBlackhole
{
    None,

    /// <summary>Input is read up to a few buffers, and relayed when the conditions change.</summary>
    Held,

    /// <summary>Input is read and discarded.</summary>
    Swallowed,
}

/// <summary>Direction of bytes.</summary>
[Flags]
public enum RelayDirections
{
    None = 0,

    /// <summary>Requests: from the client of the relay.</summary>
    ToTarget = 1,

    /// <summary>Replies: to the client of the relay.</summary>
    ToClient = 2,

    Both = ToTarget | ToClient,
}

/// <summary>The connections affected.</summary>
[Flags]
public enum RelayScope
{
    None = 0,

    /// <summary>Current ones.</summary>
    Existing = 1,

    /// <summary>Those accepted later.</summary>
    New = 2,

    All = Existing | New,
}

/// <summary>How a connection ends.</summary>
public enum RelayEnd
{
    /// <summary>RST to both sides.</summary>
    Reset,

    /// <summary>FIN to both sides.</summary>
    Close,
}

/// <summary>Ends the connection after this many bytes of a direction.</summary>
internal sealed record RelayCut(long AfterBytes, RelayEnd How);
