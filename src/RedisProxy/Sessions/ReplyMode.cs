using RedisProxy.Resp;

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

/// <summary>Which of a client's requests are answered, at one place in its stream. The default: all.</summary>
/// <param name="IsOff">None is.</param>
/// <param name="IsSkipping">The next one is not.</param>
internal readonly record struct ReplyMode(bool IsOff, bool IsSkipping)
{
    public static readonly ReplyMode Skipping = new(IsOff: false, IsSkipping: true);

    public bool IsOn => !IsOff && !IsSkipping;

    /// <summary>Is the next request one without an answer? RESET switches answers on before it gives its own; SKIP outlasts it.</summary>
    public bool IsSilent(ReplyRule rule, CommandKind kind) => rule switch
    {
        ReplyRule.On => false,
        ReplyRule.Off or ReplyRule.SkipNext => true,
        _ => IsSkipping || (IsOff && kind != CommandKind.Reset),
    };

    public ReplyMode After(ReplyRule rule, CommandKind kind) => rule switch
    {
        ReplyRule.Off => new ReplyMode(IsOff: true, IsSkipping: false),
        ReplyRule.On => default,
        _ => this with { IsOff = IsOff && kind != CommandKind.Reset, IsSkipping = false },
    };
}
