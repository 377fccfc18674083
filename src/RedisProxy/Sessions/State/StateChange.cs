using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>
/// What a request will change about its connection if the backend agrees. Kept until the reply comes, and then applied or forgotten.
/// </summary>
/// <param name="Kind">The command.</param>
/// <param name="Arguments">All of the request's arguments, its name first; empty when the command alone says everything.</param>
internal sealed record StateChange(CommandKind Kind, IReadOnlyList<byte[]> Arguments)
{
    /// <summary>The request after CLIENT CACHING, which uses it up.</summary>
    public static readonly StateChange EndOfCaching = new(CommandKind.Plain, []);

    /// <summary>What the session cannot take to another backend once this came true.</summary>
    public PinReason Pins { get; init; }

    /// <summary>What it makes of the replies to itself and to those after it.</summary>
    public ReplyRule Replies { get; init; }

    /// <summary>So many of the confirmations of a subscription have been relayed.</summary>
    public int Confirmed { get; set; }
}
