using RedisProxy.Resp;

namespace RedisProxy.Tests.Resp;

/// <summary>
/// What a scanner says of a stream that arrives in pieces, as text: <c>14 Plain Resendable; 6 inline; +3</c> are two messages
/// and three bytes of a third. Whatever the pieces are, the text has to be the same.
/// </summary>
internal static class Transcript
{
    private delegate ScanStatus Scan(ReadOnlySpan<byte> input, out int consumed);

    /// <param name="input">The stream.</param>
    /// <param name="cuts">Where a piece ends and the next one begins, in ascending order; empty pieces are pieces too.</param>
    public static string OfRequests(byte[] input, params int[] cuts)
    {
        RequestScanner scanner = default;
        return Run(input, cuts, Step, bytes => DescribeRequest(scanner, bytes), () => DescribeError(scanner));

        ScanStatus Step(ReadOnlySpan<byte> piece, out int consumed)
        {
            bool wasAtBoundary = scanner.IsAtBoundary;
            long before = wasAtBoundary ? 0 : scanner.FrameBytes;
            bool wasHeadKnown = !wasAtBoundary && scanner.IsHeadKnown;
            CommandTraits head = scanner.Command;
            ScanStatus status = scanner.Scan(piece, out consumed);

            Assert.InRange(consumed, 0, piece.Length);
            Assert.Equal(status == ScanStatus.Error, scanner.Error != ProtocolError.None);
            if (status != ScanStatus.Error && !piece.IsEmpty)
            {
                Assert.Equal(before + consumed, scanner.FrameBytes);
                Assert.Equal(status == ScanStatus.Complete, scanner.IsAtBoundary);
                Assert.True(!wasHeadKnown || (scanner.IsHeadKnown && scanner.Command == head), "a head that is known stays");
            }

            return status;
        }
    }

    /// <inheritdoc cref="OfRequests"/>
    public static string OfReplies(byte[] input, params int[] cuts)
    {
        ReplyScanner scanner = default;
        return Run(input, cuts, Step, bytes => DescribeReply(scanner, bytes), () => "error");

        ScanStatus Step(ReadOnlySpan<byte> piece, out int consumed)
        {
            ScanStatus status = scanner.Scan(piece, out consumed);
            Assert.InRange(consumed, 0, piece.Length);
            Assert.Equal(status == ScanStatus.Error, scanner.HasFailed);
            if (status != ScanStatus.Error && !piece.IsEmpty)
            {
                Assert.Equal(status == ScanStatus.Complete, scanner.IsAtBoundary);
            }

            return status;
        }
    }

    public static string DescribeTraits(CommandTraits traits) =>
        traits.Flags == CommandFlags.None ? $"{traits.Kind}" : $"{traits.Kind} {traits.Flags}";

    private static string DescribeRequest(RequestScanner scanner, int bytes)
    {
        Assert.Equal(bytes, scanner.FrameBytes);
        Assert.False(scanner.IsInline && scanner.IsNoOp);
        string says = scanner.IsInline ? "inline" : scanner.IsNoOp ? "no-op" : DescribeTraits(scanner.Command);
        Assert.Equal(scanner.IsInline || scanner.IsNoOp, !scanner.IsHeadKnown);
        return CorpusItem.Message(bytes, says);
    }

    private static string DescribeError(RequestScanner scanner) =>
        scanner.Error == ProtocolError.ExpectedDollar ? $"{scanner.Error} '{(char)scanner.Got}'" : $"{scanner.Error}";

    private static string DescribeReply(ReplyScanner scanner, int bytes)
    {
        Assert.Equal(scanner.Kind == '>', scanner.IsPush);
        Assert.Equal(scanner.Kind is (byte)'-' or (byte)'!', scanner.IsError);
        Assert.Equal(0, scanner.OwedBytes);
        return CorpusItem.Message(bytes, $"{(char)scanner.Kind}{(scanner.HasAttributes ? " with attributes" : "")}");
    }

    private static string Run(byte[] input, int[] cuts, Scan scan, Func<int, string> describeMessage, Func<string> describeError)
    {
        var parts = new List<string>();
        int begin = 0;
        int pending = 0;
        foreach (int end in cuts.Append(input.Length))
        {
            ReadOnlySpan<byte> piece = input.AsSpan(begin, end - begin);
            begin = end;
            do
            {
                ScanStatus status = scan(piece, out int consumed);
                pending += consumed;
                piece = piece[consumed..];
                switch (status)
                {
                    case ScanStatus.Error:
                        parts.Add(describeError());
                        return string.Join("; ", parts);
                    case ScanStatus.Complete:
                        Assert.True(consumed > 0, "a message ends with a byte of its own");
                        parts.Add(describeMessage(pending));
                        pending = 0;
                        break;
                    default:
                        Assert.True(piece.IsEmpty, "only the end of the input is a reason to wait");
                        break;
                }
            }
            while (!piece.IsEmpty);
        }

        if (pending > 0)
        {
            parts.Add(CorpusItem.Unfinished(pending));
        }

        return string.Join("; ", parts);
    }
}
