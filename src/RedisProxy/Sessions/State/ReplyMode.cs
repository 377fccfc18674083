namespace RedisProxy.Sessions;

/// <summary>The effect of a request on CLIENT REPLY (redis.io/commands/client-reply).</summary>
internal enum ReplyRule : byte
{
    AsBefore,

    /// <summary>This request and all later ones are answered.</summary>
    On,

    /// <summary>Neither this request nor the next is answered.</summary>
    SkipNext,

    /// <summary>Neither this request nor later ones are answered.</summary>
    Off,
}

/// <summary>
/// Which of a client's requests are answered. The backend answers all of them, because it is never told to be silent
/// (<see cref="RequestInspector"/>), and the proxy drops the replies that the client did not want: so every request has its reply, and
/// a CLIENT REPLY that is refused, or executed twice, leaves nothing in doubt. Updated with the replies, in order. Default: all.
/// <para>Messages and confirmations of subscriptions are not replies in this sense: redis sends them in any mode.</para>
/// </summary>
/// <param name="IsOff">No request is answered.</param>
/// <param name="IsSkipping">The next request is not answered.</param>
internal readonly record struct ReplyMode(bool IsOff, bool IsSkipping)
{
    public bool IsOn => !IsOff && !IsSkipping;

    /// <summary>The mode after requests that redis skips: they count as the next one (networking.c, resetClient).</summary>
    public ReplyMode AfterNoOp => this with { IsSkipping = false };

    /// <summary>Is the reply withheld from the client?</summary>
    /// <param name="rule">The request's effect on the mode; <see cref="ReplyRule.AsBefore"/> if it was refused.</param>
    /// <param name="isReset">RESET was executed: it turns replies on before it replies itself, and SKIP outlasts it.</param>
    public bool IsSilent(ReplyRule rule, bool isReset) => rule switch
    {
        ReplyRule.On => false,
        ReplyRule.Off or ReplyRule.SkipNext => true,
        _ => IsSkipping || (IsOff && !isReset),
    };

    /// <inheritdoc cref="IsSilent"/>
    /// <returns>The mode for later requests.</returns>
    public ReplyMode After(ReplyRule rule, bool isReset) => rule switch
    {
        ReplyRule.Off => new ReplyMode(IsOff: true, IsSkipping: false),
        ReplyRule.On => default,
        ReplyRule.SkipNext => new ReplyMode(IsOff, IsSkipping: !IsOff),
        _ => new ReplyMode(IsOff && !isReset, IsSkipping: false),
    };
}
