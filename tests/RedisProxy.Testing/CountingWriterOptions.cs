namespace RedisProxy.Testing;

/// <summary>How many write, and how.</summary>
public sealed record CountingWriterOptions
{
    public int Writers { get; init; } = 4;

    /// <summary>Writes sent at once; all their replies are read before the next ones are sent. 1: no pipelining.</summary>
    public int PipelineDepth { get; init; } = 1;

    /// <summary>Between two writes of one writer. 0: as fast as it goes.</summary>
    public TimeSpan Pace { get; init; } = TimeSpan.FromMilliseconds(2);

    /// <summary>Each writer's list is this and its number.</summary>
    public string KeyPrefix { get; init; } = "history:";

    /// <summary>A reply that does not come within this time counts as a broken connection, and the connection is given up.</summary>
    public TimeSpan ReplyWithin { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Before a writer that lost its connection, or could not open one, tries again.</summary>
    public TimeSpan ReconnectPause { get; init; } = TimeSpan.FromMilliseconds(20);
}
