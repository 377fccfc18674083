namespace RedisProxy.Sessions;

/// <summary>What a request asks of CLIENT REPLY (redis.io/commands/client-reply).</summary>
internal enum ReplyRule : byte
{
    AsBefore,

    /// <summary>This one and all after it are answered.</summary>
    On,

    /// <summary>Neither this one nor the next is.</summary>
    SkipNext,

    /// <summary>Neither this one nor those after it are.</summary>
    Off,
}

/// <summary>
/// Which of a client's requests are answered. The backend answers all of them, because it is never told to be silent
/// (<see cref="RequestInspector"/>), and the proxy keeps from the client what it did not want to hear: so every request has its reply, and
/// a CLIENT REPLY that is refused, or is executed twice, puts nothing in doubt. Moves with the replies, in their order. The default: all.
/// <para>Messages and confirmations of subscriptions are no replies in this sense: redis sends them in any mode.</para>
/// </summary>
/// <param name="IsOff">None is.</param>
/// <param name="IsSkipping">The next one is not.</param>
internal readonly record struct ReplyMode(bool IsOff, bool IsSkipping)
{
    public bool IsOn => !IsOff && !IsSkipping;

    /// <summary>After requests that redis skips: it takes them for the next one (networking.c, resetClient).</summary>
    public ReplyMode AfterNoOp => this with { IsSkipping = false };

    /// <summary>Is the reply kept from the client?</summary>
    /// <param name="rule">What the request has made of the mode; <see cref="ReplyRule.AsBefore"/> when it was refused.</param>
    /// <param name="isReset">RESET was executed: it switches replies on before it gives its own, and SKIP outlasts it.</param>
    public bool IsSilent(ReplyRule rule, bool isReset) => rule switch
    {
        ReplyRule.On => false,
        ReplyRule.Off or ReplyRule.SkipNext => true,
        _ => IsSkipping || (IsOff && !isReset),
    };

    /// <inheritdoc cref="IsSilent"/>
    /// <returns>The mode for the requests behind it.</returns>
    public ReplyMode After(ReplyRule rule, bool isReset) => rule switch
    {
        ReplyRule.Off => new ReplyMode(IsOff: true, IsSkipping: false),
        ReplyRule.On => default,
        ReplyRule.SkipNext => new ReplyMode(IsOff, IsSkipping: !IsOff),
        _ => new ReplyMode(IsOff && !isReset, IsSkipping: false),
    };
}
