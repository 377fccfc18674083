using RedisProxy.Resp;

namespace RedisProxy.Tests.Resp;

/// <summary>Scanners keep counters, and after the first deeply nested reply one small array: nothing is allocated per message.</summary>
public sealed class ScannerAllocationTests
{
    private const int Rounds = 20;
    private static readonly int[] PieceBytes = [1, 7, 4096, int.MaxValue / 2];

    /// <summary>Returns how much it consumed.</summary>
    private delegate int Scan(ReadOnlySpan<byte> input);

    [Fact]
    public void RequestScanner_SteadyState_AllocatesNothing()
    {
        RequestScanner scanner = default;
        AssertAllocatesNothing(RequestCorpus.Items, Consume);
        Assert.True(scanner.IsAtBoundary);

        int Consume(ReadOnlySpan<byte> input)
        {
            scanner.Scan(input, out int consumed);
            return consumed;
        }
    }

    [Fact]
    public void ReplyScanner_SteadyState_AllocatesNothing()
    {
        ReplyScanner scanner = default;
        AssertAllocatesNothing(ReplyCorpus.Items, Consume);
        Assert.True(scanner.IsAtBoundary);

        int Consume(ReadOnlySpan<byte> input)
        {
            scanner.Scan(input, out int consumed);
            return consumed;
        }
    }

    /// <summary>Not even for a scanner that is new: sessions whose replies are flat arrays never have that small array.</summary>
    [Fact]
    public void ReplyScanner_FlatReplies_NeverAllocates()
    {
        AssertAllocatesNothing([CorpusItem.Whole("flat", "*2\r\n:1\r\n$1\r\na\r\n", "*")], ScanAfresh);

        static int ScanAfresh(ReadOnlySpan<byte> input)
        {
            ReplyScanner scanner = default;
            scanner.Scan(input, out _);
            return input.Length;
        }
    }

    // The first round is not measured: it fills static tables and, for replies, the array of outer levels. Of the others the least counts:
    // what a scanner allocates per message shows in every round, what the runtime allocates once, on whatever thread, in one of them.
    private static void AssertAllocatesNothing(IEnumerable<CorpusItem> items, Scan scan)
    {
        byte[][] inputs = [.. items.Where(i => i is { Error: null, Tail: "" }).Select(i => i.Input)];
        ScanAll(inputs, scan);
        long[] allocated = new long[Rounds];
        for (int i = 0; i < Rounds; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            ScanAll(inputs, scan);
            allocated[i] = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.Equal(0, allocated.Min());
    }

    private static void ScanAll(byte[][] inputs, Scan scan)
    {
        foreach (int pieceBytes in PieceBytes)
        {
            foreach (byte[] input in inputs)
            {
                for (int at = 0; at < input.Length; at += pieceBytes)
                {
                    ReadOnlySpan<byte> piece = input.AsSpan(at, Math.Min(pieceBytes, input.Length - at));
                    while (!piece.IsEmpty)
                    {
                        piece = piece[scan(piece)..];
                    }
                }
            }
        }
    }
}
