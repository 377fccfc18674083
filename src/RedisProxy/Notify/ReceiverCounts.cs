namespace RedisProxy.Notify;

/// <summary>The outcome of a message.</summary>
internal enum NotifyOutcome
{
    Sent,

    /// <summary>All attempts failed, or the receiver rejected it.</summary>
    Failed,

    /// <summary>Not attempted: the rate limit, or a full queue.</summary>
    Dropped,
}

/// <summary>Messages to one receiver, by outcome. They outlive the receiver's options. Any thread.</summary>
internal sealed class ReceiverCounts
{
    private readonly long[] _counts = new long[Enum.GetValues<NotifyOutcome>().Length];

    public long Of(NotifyOutcome outcome) => Interlocked.Read(ref _counts[(int)outcome]);

    public void Add(NotifyOutcome outcome) => Interlocked.Increment(ref _counts[(int)outcome]);
}
