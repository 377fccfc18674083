using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>
/// Distinguishes a backend's unrequested messages from its replies, by the protocol of its connection at that byte: in RESP3 messages are
/// pushes and nothing else; in RESP2 they are arrays, and only a subscriber gets them. Replies change the connection's state (to HELLO,
/// EXEC, RESET, and to subscriptions), so what follows is judged by the new state.
/// <para>A RESP2 subscriber may send no command whose reply could be such an array; a RESP3 subscriber may send any.</para>
/// </summary>
internal static class Messages
{
    /// <param name="state">Of the connection.</param>
    /// <param name="link">That received it.</param>
    /// <param name="reply">The whole reply; its end if it was too large to be kept.</param>
    public static bool IsOne(ConnectionState state, BackendLink link, ReadOnlySpan<byte> reply) =>
        link.IsMidReply ? link.IsMidMessage
        : !link.Scanner.IsPush ? IsArray(state, reply)
        : link.InFlight.IsEmpty || link.InFlight.Oldest.Traits.Kind != CommandKind.Subscribe || !Subscriptions.IsConfirmation(reply);

    /// <summary>Does a message begin here that is too large to be kept? Confirmations never are.</summary>
    public static bool IsBeginOfOne(ConnectionState state, BackendLink link, ReadOnlySpan<byte> part) =>
        link.Scanner.IsPush || IsArray(state, part);

    private static bool IsArray(ConnectionState state, ReadOnlySpan<byte> reply) =>
        state is { IsSubscribed: true, Identity.Protocol: Identity.DefaultProtocol } && Subscriptions.IsMessage(reply);
}
