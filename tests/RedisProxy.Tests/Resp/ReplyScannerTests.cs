using RedisProxy.Resp;

namespace RedisProxy.Tests.Resp;

public sealed class ReplyScannerTests
{
    public static TheoryData<string> Corpus => [.. ReplyCorpus.Items.Select(i => i.Name)];

    [Theory]
    [MemberData(nameof(Corpus))]
    public void Scan_CorpusInAnyPieces_SaysTheSame(string name)
    {
        CorpusItem item = ReplyCorpus.Items.Single(i => i.Name == name);
        Seeded.Run(1, random => Splits.AssertAll(item.Expected, item.Input, Transcript.OfReplies, random));
    }

    [Theory]
    [MemberData(nameof(Corpus))]
    public void Scan_Corpus_AgreesWithReference(string name)
    {
        CorpusItem item = ReplyCorpus.Items.Single(i => i.Name == name);
        Assert.Equal(item.Expected, ReferenceReplies.Transcribe(item.Input));
    }

    // Elements of an array have a path of their own.
    [Fact]
    public void Scan_ArraysOfBulksOfAnyLengthAndBroken_AgreeWithReference() => Seeded.Run(3000, random =>
    {
        int[] lengths = [0, 1, 2, 7, 8, 9, 10, 11, 42, 98, 99, 100, 101, 999];
        int last = 0;
        IEnumerable<string> bulks = Enumerable.Range(0, 1 + random.Next(8))
            .Select(_ => last = random.Next(2) == 0 ? last : lengths[random.Next(lengths.Length)])
            .Select(length => $"${length}\r\n{new string((char)('0' + random.Next(10)), length)}\r\n");
        string body = string.Concat(bulks);
        byte[] input = System.Text.Encoding.ASCII.GetBytes($"*{body.Split('$').Length - 1}\r\n{body}+OK\r\n");
        string expected = ReferenceReplies.Transcribe(input);
        Assert.Equal(expected, Transcript.OfReplies(input));
        Splits.AssertRandom(expected, input, Transcript.OfReplies, random);
        byte[] broken = Mutation.Apply(input, random);
        Assert.Equal(ReferenceReplies.Transcribe(broken), Transcript.OfReplies(broken));
    });

    [Fact]
    public void Scan_RandomReplies_SaysWhatTheyAre() => Seeded.Run(2000, random =>
    {
        (byte[] input, string expected) = RandomReplies.Pipeline(random);
        Assert.Equal(expected, ReferenceReplies.Transcribe(input));
        Assert.Equal(expected, Transcript.OfReplies(input));
        Splits.AssertRandom(expected, input, Transcript.OfReplies, random);
    });

    [Fact]
    public void Scan_RandomBrokenReplies_AgreeWithReference() => Seeded.Run(10_000, random =>
    {
        byte[] input = Mutation.Apply(RandomReplies.Pipeline(random).Input, random);
        string expected = ReferenceReplies.Transcribe(input);
        Assert.Equal(expected, Transcript.OfReplies(input));
        Splits.AssertRandom(expected, input, Transcript.OfReplies, random);
    });

    [Theory]
    [MemberData(nameof(Corpus))]
    public void TryTakeReply_Corpus_AgreesWithTheScanner(string name) =>
        AssertShortPathAgrees(ReplyCorpus.Items.Single(i => i.Name == name).Input);

    [Fact]
    public void TryTakeReply_RandomAndBrokenReplies_AgreesWithTheScanner() => Seeded.Run(10_000, random =>
    {
        byte[] input = RandomReplies.Pipeline(random).Input;
        AssertShortPathAgrees(input);
        AssertShortPathAgrees(Mutation.Apply(input, random));
    });

    [Theory]
    [InlineData("+OK\r\n", 5)]
    [InlineData(":12\r\n+", 5)]
    [InlineData("$3\r\nabc\r\n$", 9)]
    [InlineData("$-1\r\n", 5)]
    public void TryTakeReply_UsualReply_IsTaken(string input, int expected)
    {
        Assert.True(WholeFrames.TryTakeReply(System.Text.Encoding.Latin1.GetBytes(input), out int bytes));
        Assert.Equal(expected, bytes);
    }

    // What the short path takes, the scanner takes as one message of the same length, and as no error and no push.
    private static void AssertShortPathAgrees(ReadOnlySpan<byte> input)
    {
        for (int begin = 0; begin < input.Length; begin++)
        {
            if (WholeFrames.TryTakeReply(input[begin..], out int bytes))
            {
                ReplyScanner scanner = default;
                Assert.Equal(ScanStatus.Complete, scanner.Scan(input[begin..], out int consumed));
                Assert.Equal(consumed, bytes);
                Assert.False(scanner.IsError || scanner.IsPush);
            }
        }
    }

    [Fact]
    public void Scan_EmptyInput_NeedsMoreAndStaysAtBoundary()
    {
        ReplyScanner scanner = default;
        Assert.Equal(ScanStatus.NeedMore, scanner.Scan([], out int consumed));
        Assert.Equal(0, consumed);
        Assert.True(scanner.IsAtBoundary);
    }

    [Fact]
    public void Kind_AttributesUnderWay_IsUnknown()
    {
        ReplyScanner scanner = default;
        Assert.Equal(ScanStatus.NeedMore, scanner.Scan("|1\r\n+key\r\n+va"u8, out _));
        Assert.Equal(0, scanner.Kind);
        Assert.Equal(ScanStatus.NeedMore, scanner.Scan("lue\r\n-"u8, out _));
        Assert.Equal((byte)'-', scanner.Kind);
        Assert.True(scanner.IsError);
        Assert.True(scanner.HasAttributes);
    }

    [Fact]
    public void Kind_FirstByteConsumed_IsKnown()
    {
        ReplyScanner scanner = default;
        scanner.Scan(">"u8, out _);
        Assert.True(scanner.IsPush);
        Assert.False(scanner.IsAtBoundary);
    }

    [Fact]
    public void OwedBytes_BodyUnderWay_IsItsRest()
    {
        ReplyScanner scanner = default;
        Assert.Equal(ScanStatus.NeedMore, scanner.Scan("*2\r\n$1000\r\nabc"u8, out _));
        Assert.Equal(997, scanner.OwedBytes);
    }

    [Fact]
    public void Scan_BodyBeyondFourGigabytes_IsSkippedInPieces()
    {
        ReplyScanner scanner = default;
        byte[] piece = new byte[16 * 1024 * 1024];
        const long BodyBytes = 5L * 1024 * 1024 * 1024;
        Assert.Equal(ScanStatus.NeedMore, scanner.Scan("$5368709120\r\n"u8, out _));
        for (long sent = 0; sent < BodyBytes; sent += piece.Length)
        {
            Assert.Equal(BodyBytes - sent, scanner.OwedBytes);
            Assert.Equal(ScanStatus.NeedMore, scanner.Scan(piece, out _));
        }

        Assert.Equal(ScanStatus.Complete, scanner.Scan("\r\n"u8, out _));
    }
}
