using System.Text;
using RedisProxy.Resp;

namespace RedisProxy.ProcessTests.Resp;

/// <summary>What becomes of a stream of requests: so many replies, and then perhaps an error and the end of the connection.</summary>
/// <param name="Replies">Replies before the error.</param>
/// <param name="Error">The error reply of the protocol, without <c>-</c> and line end; null when there is none.</param>
internal sealed record Verdict(int Replies, string? Error)
{
    /// <summary>Why the scanner refuses the stream; redis does not say that much.</summary>
    public ProtocolError Reason { get; init; }

    /// <summary>Bytes up to and including the one that was refused.</summary>
    public int RefusedAt { get; init; }

    /// <summary>What the server's output says.</summary>
    public static Verdict OfServer(byte[] output)
    {
        ReplyScanner scanner = default;
        ReadOnlySpan<byte> rest = output;
        int replies = 0;
        string? error = null;
        while (!rest.IsEmpty)
        {
            Assert.Null(error);
            Assert.Equal(ScanStatus.Complete, scanner.Scan(rest, out int consumed));
            string reply = Encoding.Latin1.GetString(rest[..consumed]);
            rest = rest[consumed..];
            if (reply.StartsWith("-ERR Protocol error", StringComparison.Ordinal))
            {
                error = reply[1..^2];
            }
            else
            {
                replies++;
            }
        }

        return new Verdict(replies, error);
    }

    /// <summary>What the proxy would say: scanner, splitting of inline requests, and the check for cross-protocol words.</summary>
    public static Verdict OfScanner(byte[] input)
    {
        RequestScanner scanner = default;
        int at = 0;
        int replies = 0;
        while (true)
        {
            ScanStatus status = scanner.Scan(input.AsSpan(at), out int consumed);
            int begin = at;
            at += consumed;
            ProtocolError reason = status switch
            {
                ScanStatus.Error => scanner.Error,
                ScanStatus.Complete => Judge(scanner, input.AsSpan(begin, consumed), ref replies),
                _ => ProtocolError.None,
            };
            if (reason != ProtocolError.None)
            {
                return new Verdict(replies, ProtocolErrors.Describe(reason, scanner.Got)) { Reason = reason, RefusedAt = at };
            }

            if (status == ScanStatus.NeedMore)
            {
                return new Verdict(replies, null);
            }
        }
    }

    private static ProtocolError Judge(RequestScanner scanner, ReadOnlySpan<byte> frame, ref int replies)
    {
        if (scanner.IsNoOp)
        {
            return ProtocolError.None;
        }

        CommandTraits command = scanner.Command;
        if (scanner.IsInline)
        {
            if (!InlineRequest.TrySplit(frame, out List<byte[]> arguments))
            {
                return ProtocolError.UnbalancedQuotes;
            }

            if (arguments.Count == 0)
            {
                return ProtocolError.None;
            }

            command = CommandTable.BuiltIn.Find(arguments[0]);
        }

        if (command.IsCrossProtocol)
        {
            return ProtocolError.CrossProtocol;
        }

        if (command.Kind == CommandKind.NulInName)
        {
            return ProtocolError.NulInName;
        }

        replies++;
        return ProtocolError.None;
    }
}
