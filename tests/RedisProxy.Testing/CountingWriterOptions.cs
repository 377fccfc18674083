namespace RedisProxy.Testing;

/// <summary>Number and behaviour of the writers.</summary>
public sealed record CountingWriterOptions
{
    public int Writers { get; init; } = 4;

    /// <summary>Writes sent at once; all their replies are read before the next ones are sent. 1: no pipelining.</summary>
    public int PipelineDepth { get; init; } = 1;

    /// <summary>Pause between two writes of one writer. 0: none.</summary>
    public TimeSpan Pace { get; init; } = TimeSpan.FromMilliseconds(2);

    /// <summary>Each writer's list is named by this and its number.</summary>
    public string KeyPrefix { get; init; } = "history:";

    /// <summary>A reply later than this counts as a broken connection, and the connection is closed.</summary>
    public TimeSpan ReplyWithin { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Pause before a writer without a connection tries again.</summary>
    public TimeSpan ReconnectPause { get; init; } = TimeSpan.FromMilliseconds(20);
}
