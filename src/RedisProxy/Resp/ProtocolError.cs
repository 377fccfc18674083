namespace RedisProxy.Resp;

/// <summary>
/// Why bytes are not a request. The texts are redis's own (networking.c, processMultibulkBuffer and processInlineBuffer, 7.0),
/// except where this proxy is stricter than redis.
/// </summary>
internal enum ProtocolError : byte
{
    None,
    InvalidMultibulkLength,
    ExpectedDollar,
    InvalidBulkLength,
    TooBigInline,
    UnbalancedQuotes,

    /// <summary>Stricter than redis, which skips two bytes after a length or a body without looking at them.</summary>
    InvalidLineEnding,

    /// <summary>Stricter than redis, which waits for the end of such a line for ever.</summary>
    NulInInline,

    /// <summary>A client that has not authenticated asks for more memory than that takes.</summary>
    UnauthenticatedLength,

    /// <summary>The first bytes of a TLS handshake on a plain port.</summary>
    TlsHello,

    /// <summary>A browser that was tricked into speaking to this port: the first word is <c>POST</c> or <c>Host:</c>.</summary>
    CrossProtocol,

    /// <summary>Only replies: deeper than <see cref="RespLimits.MaxReplyDepth"/>, or no RESP at all.</summary>
    InvalidReply,
}

internal static class ProtocolErrors
{
    /// <summary>The error reply without its <c>-</c> and line end, as Latin-1; null when the connection is closed without a word.</summary>
    /// <param name="error">Not <see cref="ProtocolError.None"/>.</param>
    /// <param name="got">The unexpected byte, for <see cref="ProtocolError.ExpectedDollar"/>.</param>
    public static string? Describe(ProtocolError error, byte got) => error switch
    {
        ProtocolError.InvalidMultibulkLength => "ERR Protocol error: invalid multibulk length",
        ProtocolError.ExpectedDollar => $"ERR Protocol error: expected '$', got '{Printable(got)}'",
        ProtocolError.InvalidBulkLength => "ERR Protocol error: invalid bulk length",
        ProtocolError.TooBigInline => "ERR Protocol error: too big inline request",
        ProtocolError.UnbalancedQuotes => "ERR Protocol error: unbalanced quotes in request",
        ProtocolError.InvalidLineEnding => "ERR Protocol error: invalid line ending",
        ProtocolError.NulInInline => "ERR Protocol error: zero byte in inline request",
        ProtocolError.UnauthenticatedLength => "ERR Protocol error: unauthenticated bulk length",
        ProtocolError.TlsHello or ProtocolError.CrossProtocol or ProtocolError.InvalidReply => null,
        _ => throw new ArgumentOutOfRangeException(nameof(error), error, "not an error"),
    };

    // Redis writes the byte as it is, and line ends as blanks. Replies here are written as Latin-1, so each byte survives.
    private static char Printable(byte got) => got is (byte)'\r' or (byte)'\n' ? ' ' : (char)got;
}
