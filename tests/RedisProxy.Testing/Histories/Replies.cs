namespace RedisProxy.Testing.Histories;

/// <summary>Checks of replies that follow from the request alone.</summary>
internal static class Replies
{
    public static Finding? Ok(RawReply reply) => Line(reply, "OK");

    public static Finding? Line(RawReply reply, string text) => Expect(reply.Kind == '+' && reply.Text == text, $"+{text}");

    public static Finding? Bulk(RawReply reply, string text) => Expect(
        reply.Kind == '$' && reply.Text == text, text.Length <= 80 ? $"\"{text}\"" : $"\"{text[..40]}…\" of {text.Length} bytes");

    public static Finding? Null(RawReply reply, bool isResp3) =>
        Expect(reply.IsNull && reply.Kind == (isResp3 ? '_' : '$'), isResp3 ? "null of RESP3" : "null of RESP2");

    public static Finding? PositiveInteger(RawReply reply) => Expect(reply.Kind == ':' && reply.Number > 0, "a positive integer");

    public static Finding? Expect(bool isRight, string expected) =>
        isRight ? null : new Finding(ViolationKind.Misplaced, $"expected {expected}");
}
