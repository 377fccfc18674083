using System.Text;
using RedisProxy.Resp;
using RedisProxy.Tests.Resp;

namespace RedisProxy.ProcessTests.Resp;

/// <summary>
/// Whatever is sent, the scanner and a real redis-server come to the same verdict: as many replies, the same error. Where the scanner
/// is stricter, <see cref="IsKnownToBeStricter"/> says why; it is never more tolerant.
/// </summary>
public sealed class ServerVerdictTests(ThrowawayRedis redis) : IClassFixture<ThrowawayRedis>
{
    private static readonly string[] HarmlessNames = ["PING", "ECHO", "SET", "GET", "DEL", "EXISTS", "STRLEN", "TYPE", "MGET", "NOSUCH"];

    [Fact]
    public async Task Scan_Corpus_AgreesWithServer()
    {
        foreach (CorpusItem item in RequestCorpus.Items)
        {
            await AssertAgreesAsync(item.Input, item.Name);
        }
    }

    [Fact]
    public Task Scan_RandomPipelines_AgreesWithServer() => Seeded.RunAsync(300, async random =>
    {
        byte[] input = HarmlessPipeline(random);
        Verdict ours = await AssertAgreesAsync(input, "pipeline");
        Assert.Equal(ProtocolError.None, ours.Reason);
    });

    [Fact]
    public Task Scan_RandomBrokenPipelines_AgreesWithServer() => Seeded.RunAsync(
        2000, random => AssertAgreesAsync(Mutation.Apply(HarmlessPipeline(random), random), "broken pipeline"));

    [Fact]
    public Task Scan_RandomInlineLines_AgreesWithServer() => Seeded.RunAsync(
        500, random => AssertAgreesAsync([.. "ECHO "u8, .. QuotedLine(random), .. "\r\n"u8], "inline"));

    [Fact]
    public Task TrySplit_RandomLines_TakesTheServersArguments() => Seeded.RunAsync(500, async random =>
    {
        byte[] line = [.. "ECHO "u8, .. QuotedLine(random), .. "\r\n"u8];
        if (InlineRequest.TrySplit(line, out List<byte[]> arguments) && arguments.Count == 2)
        {
            byte[] reply = await redis.ExchangeAsync(line);
            Assert.Equal(RequestCorpus.Bulk(Encoding.Latin1.GetString(arguments[1])), Encoding.Latin1.GetString(reply));
        }
    });

    [Theory]
    [InlineData("POST / HTTP/1.1\r\n")]
    [InlineData("Host: localhost\r\n")]
    [InlineData("hOST: localhost\n")]
    [InlineData("'post' \"quoted\"\r\n")]
    [InlineData("*1\r\n$4\r\npOsT\r\n")]
    [InlineData("*2\r\n$5\r\nHOST:\r\n$1\r\nx\r\n")]
    public async Task Find_CrossProtocolWord_IsWhatTheServerClosesOn(string text)
    {
        byte[] input = Encoding.Latin1.GetBytes(text);
        Assert.Equal(ProtocolError.CrossProtocol, Verdict.OfScanner(input).Reason);
        Assert.Empty(await redis.AskAsync(input));
    }

    private async Task<Verdict> AssertAgreesAsync(byte[] input, string name)
    {
        Verdict ours = Verdict.OfScanner(input);
        Verdict servers = Verdict.OfServer(await redis.ExchangeAsync(input));
        bool agrees = ours.Reason == ProtocolError.CrossProtocol
            ? servers.Error is null && servers.Replies <= ours.Replies
            : ours.Replies == servers.Replies && ours.Error == servers.Error;
        if (!agrees && !(servers.Replies >= ours.Replies && IsKnownToBeStricter(input, ours, servers)))
        {
            Assert.Fail($"{name}: {Encoding.Latin1.GetString(input)}\nours: {ours}\nredis: {servers}");
        }

        return ours;
    }

    private static bool IsKnownToBeStricter(byte[] input, Verdict ours, Verdict servers) => ours.Reason switch
    {
        // Redis skips two bytes where a line ends, and reads a line only up to a zero byte, which it mostly does not know in a name; and it
        // knows nothing of TLS on a plain port.
        ProtocolError.InvalidLineEnding or ProtocolError.NulInInline or ProtocolError.NulInName or ProtocolError.TlsHello => true,

        // A line beyond the limit passes redis when its end comes with the same read.
        ProtocolError.TooBigInline => servers.Error is null,
        ProtocolError.InvalidMultibulkLength => IsServerWaiting(input, '*', ours.RefusedAt) || IsCountBeyondOurs(input, ours.RefusedAt),
        ProtocolError.InvalidBulkLength => IsServerWaiting(input, '$', ours.RefusedAt),
        ProtocolError.ExpectedDollar => IsServerWaiting(input, null, ours.RefusedAt),
        _ => false,
    };

    // Redis judges a header when it has found CR and one byte more; it looks no further than a zero byte.
    private static bool IsServerWaiting(byte[] input, char? type, int refusedAt)
    {
        int begin = type is char mark ? Array.LastIndexOf(input, (byte)mark, refusedAt - 2) : refusedAt - 1;
        ReadOnlySpan<byte> header = input.AsSpan(begin);
        int end = header.IndexOfAny((byte)'\r', (byte)0);
        return end < 0 || header[end] == 0 || end + 1 == header.Length;
    }

    // More elements than we allow, or a negative count of so many digits that we do not read it.
    private static bool IsCountBeyondOurs(byte[] input, int refusedAt)
    {
        int begin = Array.LastIndexOf(input, (byte)'*', refusedAt - 2) + 1;
        int end = Array.IndexOf(input, (byte)'\r', begin);
        bool isNumber = long.TryParse(input.AsSpan(begin, end - begin), out long count);
        return isNumber && (count is > RespLimits.MaxMultibulkElements and <= int.MaxValue || count < -999_999_999_999_999_999);
    }

    private static byte[] HarmlessPipeline(Random random)
    {
        var bytes = new List<byte>();
        for (int i = random.Next(1, 6); i > 0; i--)
        {
            byte[] name = Encoding.ASCII.GetBytes(HarmlessNames[random.Next(HarmlessNames.Length)]);
            bytes.AddRange(random.Next(5) switch
            {
                0 => [.. "*0\r\n"u8],
                1 => [.. name, .. " a b"u8, .. random.Next(2) == 0 ? "\r\n"u8 : "\n"u8],
                _ => RandomRequests.Multibulk([name, .. Enumerable.Range(0, random.Next(3)).Select(_ => RandomRequests.Body(random, 20))]),
            });
        }

        return [.. bytes];
    }

    private static byte[] QuotedLine(Random random)
    {
        byte[] meaningful = [.. "\"\"''\\\\ \t\v\f\rxnrtbaf09AFcg"u8, 0x80, 0xff];
        byte[] line = new byte[random.Next(1, 12)];
        for (int i = 0; i < line.Length; i++)
        {
            line[i] = meaningful[random.Next(meaningful.Length)];
        }

        return line;
    }
}
