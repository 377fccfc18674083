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

    /// <summary>Stricter than Valkey from 9.1 on, for which an argument goes on behind its closing quote.</summary>
    UnbalancedQuotes,

    /// <summary>Stricter than redis, which skips two bytes after a length or a body without checking them.</summary>
    InvalidLineEnding,

    /// <summary>Stricter than redis, which waits forever for the end of such a line.</summary>
    NulInInline,

    /// <summary>Stricter than redis, which may take such a name for the part before the zero byte (<see cref="CommandKind"/>).</summary>
    NulInName,

    /// <summary>A client that has not authenticated exceeds the limit on its requests' size.</summary>
    UnauthenticatedLength,

    /// <summary>The first bytes of a TLS handshake on a plain port.</summary>
    TlsHello,

    /// <summary>A browser was tricked into connecting to this port: the first word is <c>POST</c> or <c>Host:</c>.</summary>
    CrossProtocol,

    /// <summary>Replies only: deeper than <see cref="RespLimits.MaxReplyDepth"/>, or not RESP.</summary>
    InvalidReply,
}

internal static class ProtocolErrors
{
    /// <summary>The error reply without its <c>-</c> and line end, as Latin-1; null if the connection is closed without a reply.</summary>
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
        ProtocolError.NulInName => "ERR Protocol error: zero byte in a command's name",
        ProtocolError.UnauthenticatedLength => "ERR Protocol error: unauthenticated bulk length",
        ProtocolError.TlsHello or ProtocolError.CrossProtocol or ProtocolError.InvalidReply => null,
        _ => throw new ArgumentOutOfRangeException(nameof(error), error, "not an error"),
    };

    // Redis writes the byte unchanged, except line ends, which become blanks. Replies here are written as Latin-1, so each byte survives.
    private static char Printable(byte got) => got is (byte)'\r' or (byte)'\n' ? ' ' : (char)got;
}
