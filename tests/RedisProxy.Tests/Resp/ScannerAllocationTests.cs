using RedisProxy.Resp;

namespace RedisProxy.Tests.Resp;

/// <summary>Scanners keep counters, and after the first deeply nested reply one small array: nothing is allocated per message.</summary>
public sealed class ScannerAllocationTests
{
    private const int Rounds = 20;

    [Fact]
    public void RequestScanner_SteadyState_AllocatesNothing()
    {
        byte[][] inputs = [.. RequestCorpus.Items.Where(i => i is { Error: null, Tail: "" }).Select(i => i.Input)];
        RequestScanner scanner = default;
        AssertAllocatesNothing(pieceBytes =>
        {
            foreach (byte[] input in inputs)
            {
                for (int at = 0; at < input.Length; at += pieceBytes)
                {
                    ReadOnlySpan<byte> piece = input.AsSpan(at, Math.Min(pieceBytes, input.Length - at));
                    while (!piece.IsEmpty)
                    {
                        scanner.Scan(piece, out int consumed);
                        piece = piece[consumed..];
                    }
                }
            }
        });
        Assert.True(scanner.IsAtBoundary);
    }

    [Fact]
    public void ReplyScanner_SteadyState_AllocatesNothing()
    {
        byte[][] inputs = [.. ReplyCorpus.Items.Where(i => i is { Error: null, Tail: "" }).Select(i => i.Input)];
        ReplyScanner scanner = default;
        AssertAllocatesNothing(pieceBytes =>
        {
            foreach (byte[] input in inputs)
            {
                for (int at = 0; at < input.Length; at += pieceBytes)
                {
                    ReadOnlySpan<byte> piece = input.AsSpan(at, Math.Min(pieceBytes, input.Length - at));
                    while (!piece.IsEmpty)
                    {
                        scanner.Scan(piece, out int consumed);
                        piece = piece[consumed..];
                    }
                }
            }
        });
        Assert.True(scanner.IsAtBoundary);
    }

    [Fact]
    public void ReplyScanner_RepliesWithoutNesting_NeverAllocates()
    {
        ReplyScanner warm = default;
        warm.Scan("*2\r\n:1\r\n$1\r\na\r\n"u8, out _);
        AssertAllocatesNothing(_ =>
        {
            ReplyScanner scanner = default;
            scanner.Scan("*2\r\n:1\r\n$1\r\na\r\n"u8, out int _);
        });
    }

    // The first round is not measured: it fills static tables and, for replies, the array of outer levels.
    private static void AssertAllocatesNothing(Action<int> scanAll)
    {
        int[] pieces = [1, 7, 4096, int.MaxValue / 2];
        foreach (int pieceBytes in pieces)
        {
            scanAll(pieceBytes);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < Rounds; i++)
        {
            foreach (int pieceBytes in pieces)
            {
                scanAll(pieceBytes);
            }
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
