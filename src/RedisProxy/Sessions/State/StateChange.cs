using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>
/// A request's change of its connection, pending the backend's consent. Kept until the reply arrives, then applied or discarded.
/// </summary>
/// <param name="Kind">The command.</param>
/// <param name="Arguments">All arguments of the request, its name first; empty if the command alone determines the change.</param>
internal sealed record StateChange(CommandKind Kind, IReadOnlyList<byte[]> Arguments)
{
    /// <summary>The request after CLIENT CACHING, which uses it up.</summary>
    public static readonly StateChange EndOfCaching = new(CommandKind.Plain, []);

    /// <summary>Why the session cannot move to another backend after this change.</summary>
    public PinReason Pins { get; init; }

    /// <summary>Its effect on the replies to itself and to later requests.</summary>
    public ReplyRule Replies { get; init; }

    /// <summary>It names no connection at the server: a name in it is kept by the proxy, and was removed from the request.</summary>
    public bool KeepsName { get; init; }

    /// <summary>Number of a subscription's confirmations that have been relayed.</summary>
    public int Confirmed { get; set; }
}
