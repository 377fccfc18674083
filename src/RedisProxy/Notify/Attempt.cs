namespace RedisProxy.Notify;

/// <summary>How one attempt to deliver a message ended.</summary>
internal enum AttemptEnd
{
    Done,

    /// <summary>Another attempt may succeed.</summary>
    Failed,

    /// <summary>Another one would fail as well: the receiver has rejected it, or is misconfigured.</summary>
    Refused,
}

/// <param name="End">How it ended.</param>
/// <param name="Detail">For logs: the answer, or why there was none. Never an address containing a secret.</param>
internal sealed record Attempt(AttemptEnd End, string Detail)
{
    /// <summary>When the receiver wants the next one; null: not specified.</summary>
    public TimeSpan? RetryAfter { get; init; }
}

/// <summary>A message ready to send.</summary>
/// <param name="Body">As JSON.</param>
internal sealed record Message(Notification Notification, ReadOnlyMemory<byte> Body);

/// <summary>Delivers to one receiver: over the network, or by a process.</summary>
internal interface ISender
{
    /// <summary>At least one.</summary>
    int MaxAttempts { get; }

    /// <summary>Between the first and the second attempt; doubled from there on.</summary>
    TimeSpan FirstPause { get; }

    TimeSpan MaxPause { get; }

    /// <summary>Throws only when stopped.</summary>
    Task<Attempt> TryAsync(Message message, int attempt, CancellationToken stop);
}
