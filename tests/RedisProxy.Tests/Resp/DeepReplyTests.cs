using System.Text;

using RedisProxy.Resp;

namespace RedisProxy.Tests.Resp;

/// <summary>Replies that are nested as deep as a reply may be, and deeper.</summary>
public sealed class DeepReplyTests
{
    private const int Deepest = RespLimits.MaxReplyDepth;

    [Theory]
    [InlineData("*1\r\n", ":1\r\n", 1)]
    [InlineData("*1\r\n", "-ERR reached lua stack limit\r\n", 1)]
    [InlineData("%1\r\n+k\r\n", "*0\r\n", 7)]
    [InlineData("*2\r\n$1\r\na\r\n", "$-1\r\n", 4096)]
    [InlineData("|1\r\n", "+k\r\n", 1)]
    public void Scan_AsDeepAsAllowed_IsOneMessageInAnyChunking(string opening, string core, int pieceBytes)
    {
        // What is behind an attribute in an attribute is the key or the value of that.
        string tail = opening[0] == '|' ? string.Concat(Enumerable.Repeat(":1\r\n:2\r\n", Deepest)) : "";
        byte[] input = Encoding.ASCII.GetBytes(ReplyCorpus.Nest(Deepest, core, opening) + tail + "+OK\r\n");
        var scanner = default(ReplyScanner);
        var ends = new List<int>();
        for (int at = 0; at < input.Length;)
        {
            ReadOnlySpan<byte> piece = input.AsSpan(at, Math.Min(pieceBytes, input.Length - at));
            ScanStatus status = scanner.Scan(piece, out int consumed);
            Assert.NotEqual(ScanStatus.Error, status);
            at += consumed;
            if (status == ScanStatus.Complete)
            {
                ends.Add(at);
            }
        }

        Assert.Equal([input.Length - 5, input.Length], ends);
        Assert.InRange(scanner.HeldBytes, 0, 256);
    }

    [Theory]
    [InlineData("*1\r\n")]
    [InlineData("*?\r\n")]
    [InlineData("%1\r\n+k\r\n")]
    [InlineData("$?\r\n")]
    [InlineData("|1\r\n+k\r\n:1\r\n")]
    public void Scan_OneLevelMore_IsTooDeep(string opening)
    {
        byte[] input = Encoding.ASCII.GetBytes(ReplyCorpus.Nest(Deepest, opening));
        var scanner = default(ReplyScanner);
        Assert.Equal(ScanStatus.Error, scanner.Scan(input, out _));
        Assert.True(scanner.IsTooDeep);
    }

    [Fact]
    public void Scan_DeepReply_KeepsAFewBytesALevel()
    {
        byte[] input = Encoding.ASCII.GetBytes(ReplyCorpus.Nest(Deepest, ""));
        var scanner = default(ReplyScanner);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(ScanStatus.NeedMore, scanner.Scan(input, out _));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, Deepest, 3 * Deepest);
        Assert.InRange(scanner.HeldBytes, Deepest - 1, 2 * Deepest);
        Assert.Equal(ScanStatus.Complete, scanner.Scan("*0\r\n"u8, out _));
        Assert.Equal(0, scanner.HeldBytes);
    }

    [Fact]
    public void Scan_LevelsThatOweMuch_AreCounted()
    {
        const string Huge = "*999999999999999999\r\n";
        var scanner = default(ReplyScanner);
        Assert.Equal(ScanStatus.NeedMore, scanner.Scan(Encoding.ASCII.GetBytes(ReplyCorpus.Nest(Deepest, ":1\r\n", Huge)), out _));
        Assert.Equal(ScanStatus.NeedMore, scanner.Scan(":2\r\n+3\r\n"u8, out _));

        byte[] levels = Encoding.ASCII.GetBytes("*2\r\n*200\r\n*2\r\n" + string.Concat(Enumerable.Repeat(":1\r\n", 2 + 199)) + ":1\r\n");
        scanner = default;
        Assert.Equal(ScanStatus.Complete, scanner.Scan(levels, out int consumed));
        Assert.Equal(levels.Length, consumed);
    }
}
