using RedisProxy.Configuration;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Topology;

/// <summary>
/// Each Sentinel is a letter. <c>a:bC</c> is reachable, lists b, and lists c as down; <c>!c</c> is out of reach; a star says that the
/// configuration names it. Quorums are 2 unless a number says otherwise.
/// </summary>
public class SentinelMajorityTests
{
    [Theory]
    [InlineData("a*:bc b*:ac c*:ab", true, "all are reachable")]
    [InlineData("a*:bC b*:aC !c*", true, "two of three")]
    [InlineData("a*:BC !b* !c*", false, "one of three")]
    [InlineData("a*:bCDE b*:aCDE !c !d !e", false, "two of five, three of which are elsewhere")]
    [InlineData("a:bcDE b:acDE c:abDE !d !e", true, "three of five")]
    [InlineData("a:bcDEF b:acDEF c:abDEF !d !e !f", true, "three that live and three ghosts, in everybody's list")]
    [InlineData("a:bcDE b:acE c:ab !d* !e* !f*", true, "three replaced one by one, with the old ones configured")]
    [InlineData("a:bcDEFGHI b:acG c:ab !d !e !f !g !h !i", true, "one stayed while the others were replaced again and again")]
    [InlineData("a:bcDEFG b:acDEFG c:abDEFG !d !e !f !g", false, "four that are listed by all could elect one of them")]
    [InlineData("a*:b b*:aCDE !c* !d* !e*", false, "one of a minority has just begun")]
    [InlineData("a:b b:aCDE !c !d !e", false, "one of a minority has just begun, and none is configured")]
    [InlineData("a*: b*: !c* !d* !e*", false, "a minority was told to forget the rest")]
    [InlineData("a*: !b !c", false, "alone, it knows of nobody")]
    [InlineData("a*:b b*:a !c* !d* !e*", false, "a minority knows of itself alone, but the configuration of more")]
    [InlineData("a4:bcDEF b4:acDEF c4:abDEF !d !e !f", false, "the quorum is out of reach")]
    [InlineData("a:bc b:ac c:ab !d* !e* !f*", true, "forgotten, but configured still")]
    [InlineData("!a* !b* !c*", false, "nobody")]
    public void Of_WhoIsReachable_IsOursUnlessTheOthersCouldElect(string votes, bool expected, string why) =>
        Assert.True(Judge(votes).IsOurs == expected, why);

    [Theory]
    [InlineData("a:bcDEF b:acDEF c:abDEF !d !e !f", "d e f")]
    [InlineData("a:bcDE b:acE c:ab !d* !e* !f*", "d e")]
    [InlineData("a:bcDeF b:acDEF c:abDEF !d !e !f", "d f")]
    [InlineData("a:bcD b:acD c:abD !d", "")]
    public void Of_WhoIsListedAndDownForAll_IsAGhostOnlyWhereItCounts(string votes, string ghosts) =>
        Assert.Equal(ghosts, string.Join(' ', Judge(votes).Ghosts.Select(one => one.Host)));

    private static SentinelMajority Judge(string votes)
    {
        var policy = new AddressPolicy(new ProxyOptions
        {
            Listeners = [new ListenerOptions { Name = "m", Bind = BindAddress.OfTcp(new HostEndpoint("127.0.0.1", 1)), Master = "m" }],
            Sentinel = new SentinelOptions { Endpoints = [new HostEndpoint("a", 1)] },
        });
        return SentinelMajority.Of(
            [.. votes.Split(' ').Select(text => SentinelVote.Of(Report(text), policy, _ => System.Net.IPAddress.Loopback))], policy);
    }

    private static SentinelReport Report(string text)
    {
        string[] parts = text.TrimStart('!').Split(':');
        char id = parts[0][0];
        int quorum = parts[0].FirstOrDefault(char.IsAsciiDigit, '2') - '0';
        ListedSentinel[] listed =
        [
            .. (parts.ElementAtOrDefault(1) ?? "").Select(other =>
                new ListedSentinel($"{char.ToLowerInvariant(other)}", Endpoint(other), IsDown: char.IsUpper(other))),
        ];
        return new SentinelReport
        {
            Sentinel = Endpoint(id),
            Id = $"{id}",
            IsConfigured = parts[0].Contains('*', StringComparison.Ordinal),
            IsReachable = text[0] != '!',
            HasSpoken = true,
            Answer = new SentinelAnswer { Master = new HostEndpoint("10.0.0.1", 6379), Quorum = quorum },
            Lists = new SentinelLists(listed, []),
        };
    }

    private static HostEndpoint Endpoint(char id) => new($"{char.ToLowerInvariant(id)}", 26379);
}
