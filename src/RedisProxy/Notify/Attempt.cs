namespace RedisProxy.Notify;

/// <summary>How one attempt to deliver a message ended.</summary>
internal enum AttemptEnd
{
    Done,

    /// <summary>Another attempt may do better.</summary>
    Failed,

    /// <summary>Another one would not: the receiver has judged it, or is configured wrongly.</summary>
    Refused,
}

/// <param name="End">How it ended.</param>
/// <param name="Detail">For logs: what was answered, or why there was no answer. Never an address with a secret in it.</param>
internal sealed record Attempt(AttemptEnd End, string Detail)
{
    /// <summary>When the receiver wants to see the next one; null: it did not say.</summary>
    public TimeSpan? RetryAfter { get; init; }
}

/// <summary>A message as it goes out.</summary>
/// <param name="Notification">What it is about.</param>
/// <param name="Body">As JSON.</param>
internal sealed record Message(Notification Notification, ReadOnlyMemory<byte> Body);

/// <summary>The way to one receiver: over the network, or by a process.</summary>
internal interface ISender
{
    /// <summary>At least one.</summary>
    int MaxAttempts { get; }

    /// <summary>Between the first attempt and the second one; it doubles from there.</summary>
    TimeSpan FirstPause { get; }

    TimeSpan MaxPause { get; }

    /// <summary>Throws only when stopped.</summary>
    Task<Attempt> TryAsync(Message message, int attempt, CancellationToken stop);
}
