using RedisProxy.Resp;
using RedisProxy.Testing;

namespace RedisProxy.Tests.Resp;

public sealed class RequestScannerTests
{
    public static TheoryData<string> Corpus => [.. RequestCorpus.Items.Select(i => i.Name)];

    [Theory]
    [MemberData(nameof(Corpus))]
    public void Scan_CorpusInAnyPieces_SaysTheSame(string name)
    {
        CorpusItem item = RequestCorpus.Items.Single(i => i.Name == name);
        Seeded.Run(1, random => Splits.AssertAll(item.Expected, item.Input, Transcript.OfRequests, random));
    }

    [Theory]
    [MemberData(nameof(Corpus))]
    public void Scan_Corpus_AgreesWithReference(string name)
    {
        CorpusItem item = RequestCorpus.Items.Single(i => i.Name == name);
        Assert.Equal(item.Expected, ReferenceRequests.Transcribe(item.Input));
    }

    [Fact]
    public void Scan_RandomPipelines_AgreeWithReference() => Seeded.Run(2000, random =>
    {
        byte[] input = RandomRequests.Pipeline(random);
        string expected = ReferenceRequests.Transcribe(input);
        Assert.Equal(expected, Transcript.OfRequests(input));
        Splits.AssertRandom(expected, input, Transcript.OfRequests, random);
    });

    [Fact]
    public void Scan_RandomBrokenPipelines_AgreeWithReference() => Seeded.Run(10_000, random =>
    {
        byte[] input = Mutation.Apply(RandomRequests.Pipeline(random), random);
        string expected = ReferenceRequests.Transcribe(input);
        Assert.Equal(expected, Transcript.OfRequests(input));
        Splits.AssertRandom(expected, input, Transcript.OfRequests, random);
    });

    // A scanner remembers the head of the last request: only the very same head may be taken for it.
    [Fact]
    public void Scan_HeadsThatDifferInLittle_AgreeWithReference() => Seeded.Run(3000, random =>
    {
        string[] names = ["GET", "SET", "GEX", "get", "AUTH", "EVAL", "WAIT", "PING", "G", "DEL", "EXEC", "MULTI", "SELECT", "LPUSHX"];
        IEnumerable<byte> Request()
        {
            string[] value = random.Next(2) == 0 ? ["value-of-some-length"] : [];
            return RawClient.Command([names[random.Next(names.Length)], .. Enumerable.Repeat("k", random.Next(3)), .. value]);
        }

        byte[] input = [.. Enumerable.Range(0, 12).SelectMany(_ => Request())];
        string expected = ReferenceRequests.Transcribe(input);
        Assert.Equal(expected, Transcript.OfRequests(input));
        Splits.AssertRandom(expected, input, Transcript.OfRequests, random);
        byte[] broken = Mutation.Apply(input, random);
        Assert.Equal(ReferenceRequests.Transcribe(broken), Transcript.OfRequests(broken));
    });

    [Fact]
    public void Scan_SameHeadWithAnotherTable_IsLookedUpAnew()
    {
        byte[] request = RawClient.Command(["NEWREAD", "k"]);
        byte[] commands = [.. "*1\r\n*7\r\n$7\r\nnewread\r\n:2\r\n*1\r\n+readonly\r\n:1\r\n:1\r\n:1\r\n*0\r\n"u8];
        RequestScanner scanner = default;
        scanner.Scan(request, out _);
        Assert.False(scanner.Command.IsResendable);
        scanner.Commands = CommandTable.Of(RespValue.Read(commands))!;
        scanner.Scan(request, out _);
        Assert.True(scanner.Command.IsResendable);
    }

    [Fact]
    public void Scan_EmptyInput_NeedsMoreAndStaysAtBoundary()
    {
        RequestScanner scanner = default;
        Assert.Equal(ScanStatus.NeedMore, scanner.Scan([], out int consumed));
        Assert.Equal(0, consumed);
        Assert.True(scanner.IsAtBoundary);
    }

    [Fact]
    public void Scan_TwoRequestsInOneInput_EndsAtTheFirst()
    {
        RequestScanner scanner = default;
        Assert.Equal(ScanStatus.Complete, scanner.Scan("*1\r\n$4\r\nPING\r\n*1\r\n"u8, out int consumed));
        Assert.Equal(14, consumed);
        Assert.Equal(14, scanner.FrameBytes);
    }

    [Fact]
    public void IsHeadKnown_BodyUnderWay_TellsTheCommand()
    {
        RequestScanner scanner = default;
        Assert.Equal(ScanStatus.NeedMore, scanner.Scan("*3\r\n$3\r\nGET\r"u8, out _));
        Assert.False(scanner.IsHeadKnown);
        Assert.Equal(ScanStatus.NeedMore, scanner.Scan("\n$1000\r\nabc"u8, out _));
        Assert.True(scanner.IsHeadKnown);
        Assert.True(scanner.Command.IsResendable);
        Assert.Equal(997, scanner.OwedBytes);
        Assert.Equal(23, scanner.FrameBytes);
    }

    [Fact]
    public void IsHeadKnown_NameTooLongForTheTable_AsSoonAsItCannotBeOne()
    {
        RequestScanner scanner = default;
        Assert.Equal(ScanStatus.NeedMore, scanner.Scan("*2\r\n$25\r\n12345678901234567890123"u8, out _));
        Assert.False(scanner.IsHeadKnown);
        Assert.Equal(ScanStatus.NeedMore, scanner.Scan("4"u8, out _));
        Assert.True(scanner.IsHeadKnown);
        Assert.Equal(default, scanner.Command);
    }

    [Fact]
    public void OwedBytes_NextRequestBegins_IsZeroAgain()
    {
        RequestScanner scanner = default;
        Assert.Equal(ScanStatus.NeedMore, scanner.Scan("*1\r\n$10\r\nab"u8, out _));
        Assert.Equal(8, scanner.OwedBytes);
        Assert.Equal(ScanStatus.Complete, scanner.Scan("cdefghij\r\n*1"u8, out int consumed));
        Assert.Equal(10, consumed);
        Assert.Equal(0, scanner.OwedBytes);
    }

    [Fact]
    public void Scan_MostArguments_IsOneRequest()
    {
        RequestScanner scanner = default;
        Assert.Equal(ScanStatus.NeedMore, scanner.Scan("*1048576\r\n"u8, out _));
        ReadOnlySpan<byte> argument = "$1\r\nx\r\n"u8;
        for (int i = 1; i < RespLimits.MaxMultibulkElements; i++)
        {
            scanner.Scan(argument, out _);
        }

        Assert.Equal(ScanStatus.Complete, scanner.Scan(argument, out _));
        Assert.Equal(10 + (7L * RespLimits.MaxMultibulkElements), scanner.FrameBytes);
    }

    // Nothing but the limit is wrong with this request, so it must not pass because it lies in one input.
    [Fact]
    public void Scan_OneArgumentTooMany_IsRefusedAsAWhole()
    {
        byte[] input = [.. "*1048577\r\n"u8, .. Enumerable.Repeat("$0\r\n\r\n"u8.ToArray(), 1_048_577).SelectMany(a => a)];
        RequestScanner scanner = default;
        Assert.Equal(ScanStatus.Error, scanner.Scan(input, out _));
        Assert.Equal(ProtocolError.InvalidMultibulkLength, scanner.Error);
    }

    [Fact]
    public void Scan_LongestBody_IsSkippedInPieces()
    {
        RequestScanner scanner = default;
        byte[] piece = new byte[1024 * 1024];
        scanner.Scan("*1\r\n$536870912\r\n"u8, out _);
        for (long sent = 0; sent < RespLimits.MaxBulkBytes; sent += piece.Length)
        {
            Assert.Equal(RespLimits.MaxBulkBytes - sent, scanner.OwedBytes);
            Assert.Equal(ScanStatus.NeedMore, scanner.Scan(piece, out int consumed));
            Assert.Equal(piece.Length, consumed);
        }

        Assert.Equal(ScanStatus.Complete, scanner.Scan("\r\n"u8, out _));
    }
}
