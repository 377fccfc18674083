using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>
/// Tells what a backend says without being asked from its replies, by the protocol that its connection speaks at that byte: in RESP3
/// messages are pushes and nothing else, in RESP2 they are arrays, and only a subscriber gets them. The state of the connection changes
/// with the replies (to HELLO, EXEC, RESET, and to subscriptions), so what comes behind them is judged by what they have made of it.
/// <para>In RESP2 a subscriber may ask for nothing whose reply could be such an array; in RESP3 for anything.</para>
/// </summary>
internal static class Messages
{
    /// <param name="state">Of the connection.</param>
    /// <param name="link">What it has just said.</param>
    /// <param name="reply">That, whole; its end when it was too large to be kept.</param>
    public static bool IsOne(ConnectionState state, BackendLink link, ReadOnlySpan<byte> reply) =>
        link.IsMidReply ? link.IsMidMessage
        : !link.Scanner.IsPush ? IsArray(state, reply)
        : link.InFlight.IsEmpty || link.InFlight.Oldest.Traits.Kind != CommandKind.Subscribe || !Subscriptions.IsConfirmation(reply);

    /// <summary>Is this the beginning of one that is too large to be kept? No confirmation is.</summary>
    public static bool IsBeginOfOne(ConnectionState state, BackendLink link, ReadOnlySpan<byte> part) =>
        link.Scanner.IsPush || IsArray(state, part);

    private static bool IsArray(ConnectionState state, ReadOnlySpan<byte> reply) =>
        state is { IsSubscribed: true, Identity.Protocol: Identity.DefaultProtocol } && Subscriptions.IsMessage(reply);
}
