using System.Globalization;
using System.Text;

using RedisProxy.SentinelFacade;
using RedisProxy.Testing;

namespace RedisProxy.Tests.SentinelFacade;

/// <summary>Bytes to requests, in any pieces, and what is too much.</summary>
public sealed class FacadeRequestsTests
{
    [Theory]
    [InlineData("PING\r\n", "PING")]
    [InlineData("ping \"a b\" c\n", "ping,a b,c")]
    [InlineData("\r\n*0\r\n*-1\r\nPING\r\n", "PING")]
    [InlineData("*1\r\n$4\r\nPING\r\n*2\r\n$4\r\nPING\r\n$2\r\n\r\n\r\nQUIT\r\n", "PING;PING,\r\n;QUIT")]
    public void Requests_InPiecesOfAnySize_AreTheSame(string input, string expected)
    {
        for (int size = 1; size <= input.Length; size++)
        {
            (string requests, string? complaint) = Read(input, size, RequestLimits.OfClients);
            Assert.Equal((expected, null), (requests, complaint));
        }
    }

    [Theory]
    [InlineData("*1\r\n$x\r\n", "ERR Protocol error: invalid bulk length")]
    [InlineData("*x\r\n", "ERR Protocol error: invalid multibulk length")]
    [InlineData("*1\r\nPING\r\n", "ERR Protocol error: expected '$', got 'P'")]
    [InlineData("ping \"a\r\n", "ERR Protocol error: unbalanced quotes in request")]
    [InlineData("*1\r\n$65536\r\n", "ERR Protocol error: invalid bulk length")]
    [InlineData("POST / HTTP/1.1\r\n", "")]
    [InlineData("Host: example\r\n", "")]
    [InlineData("\u0016\u0003\u0001", "")]
    public void Requests_ThatAreNone_AreRefusedInRedissWords(string input, string complaint)
    {
        Assert.Equal(("", complaint), Read(input, input.Length, RequestLimits.OfClients));
        Assert.Equal(("", complaint), Read(input, 1, RequestLimits.OfClients));
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(1024 * 1024)]
    public void Requests_BeyondTheLimits_AreRefused(int piece)
    {
        string atLimit = Bulks(["ECHO", new string('x', 65_000)]);
        Assert.Equal((1, null), Count(atLimit + "PING\r\n" + atLimit, piece, RequestLimits.OfClients, expected: 3));
        string tooLong = Bulks(["ECHO", new string('x', 66_000)]);
        Assert.Equal((0, "ERR Protocol error: invalid bulk length"), Count(tooLong, piece, RequestLimits.OfClients));
        string[] words = [.. Enumerable.Repeat("", 1025)];
        Assert.Equal((0, "ERR Protocol error: invalid multibulk length"), Count(Bulks(words), piece, RequestLimits.OfClients));
        words = [.. Enumerable.Repeat("", 100_000)];
        Assert.Equal((0, "ERR Protocol error: invalid multibulk length"), Count(Bulks(words), piece, RequestLimits.OfClients));
        Assert.Equal((0, "ERR Protocol error: too big inline request"), Count(new string('x', 70_000), piece, RequestLimits.OfClients));
    }

    [Fact]
    public void Requests_OfStrangers_MayBeLess()
    {
        const string TooLong = "*2\r\n$4\r\nAUTH\r\n$16385\r\n";
        Assert.Equal((0, "ERR Protocol error: unauthenticated bulk length"), Count(TooLong, 1000, RequestLimits.OfStrangers));
        string[] words = [.. Enumerable.Repeat("a", 11)];
        Assert.Equal((0, "ERR Protocol error: unauthenticated multibulk length"), Count(Bulks(words), 1000, RequestLimits.OfStrangers));
        Assert.Equal((1, null), Count(Bulks(words[1..]), 1000, RequestLimits.OfStrangers, expected: 1));
    }

    [Theory]
    [InlineData("*", "+switch-master", true)]
    [InlineData("+switch-*", "+switch-master", true)]
    [InlineData("*s*m*r", "+switch-master", true)]
    [InlineData("+switch-master?", "+switch-master", false)]
    [InlineData("?switch-master", "+switch-master", true)]
    [InlineData("[-+]switch*", "+switch-master", true)]
    [InlineData("[+-]switch*", "+switch-master", false)]
    [InlineData("[^+]switch*", "+switch-master", false)]
    [InlineData("[,-*]switch*", "+switch-master", true)]
    [InlineData("\\+switch-master**", "+switch-master", true)]
    [InlineData("\\*", "+switch-master", false)]
    [InlineData("[+", "+", true)]
    [InlineData("[\\]]", "]", true)]
    [InlineData("", "", true)]
    [InlineData("", "a", false)]
    [InlineData("a*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false)]
    public void Pattern_MatchesAsInRedis(string pattern, string text, bool expected) =>
        Assert.Equal(expected, GlobPattern.IsMatch(pattern, text));

    private static string Bulks(string[] words) => Encoding.Latin1.GetString(RawClient.Command(words));

    /// <returns>With the number of what was read divided by the number that was expected.</returns>
    private static (int Requests, string? Complaint) Count(string input, int piece, RequestLimits limits, int expected = 1)
    {
        (string requests, string? complaint) = Read(input, piece, limits);
        int count = requests.Length == 0 ? 0 : requests.Split(';').Length;
        Assert.True(count == 0 || count == expected, count.ToString(CultureInfo.InvariantCulture));
        return (count / expected, complaint);
    }

    private static (string Requests, string? Complaint) Read(string input, int piece, RequestLimits limits)
    {
        var requests = new FacadeRequests();
        List<string> read = [];
        foreach (byte[] chunk in Encoding.Latin1.GetBytes(input).Chunk(piece))
        {
            ReadOnlyMemory<byte> rest = chunk;
            while (!rest.IsEmpty)
            {
                Memory<byte> room = requests.Room();
                Assert.False(room.IsEmpty);
                int count = Math.Min(room.Length, rest.Length);
                rest[..count].CopyTo(room);
                rest = rest[count..];
                requests.Received(count);
                string? complaint;
                while (requests.TryTake(limits, out List<byte[]> arguments, out complaint))
                {
                    read.Add(string.Join(',', arguments.Select(Encoding.Latin1.GetString)));
                }

                if (complaint is not null)
                {
                    return (string.Join(';', read), complaint);
                }
            }
        }

        return (string.Join(';', read), null);
    }
}
