using System.Globalization;
using System.Net;

using RedisProxy.Configuration;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Topology;

/// <summary>
/// Tables: each vote is written as <c>address@epoch</c>; <c>-</c> has never answered, <c>?</c> knows no such master, a leading <c>!</c> is
/// out of reach now, a leading <c>~</c> has not spoken yet, and a trailing <c>x</c> takes that master for down. Addresses are <c>A</c>,
/// <c>B</c>, <c>C</c> or written out.
/// </summary>
public class MasterElectionTests
{
    private static readonly ProxyOptions Options = new()
    {
        Listeners = [new ListenerOptions { Name = "m", Bind = BindAddress.OfTcp(new HostEndpoint("0.0.0.0", 6380)), Master = "m" }],
        Sentinel = new SentinelOptions
        {
            Endpoints = [new HostEndpoint("10.0.0.1", 26379)],
            AllowedNetworks = [IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("0.0.0.0/32")],
        },
    };

    [Theory]
    [InlineData("A@1 A@1 A@1", "A@1", "all agree")]
    [InlineData("A@1 B@2 A@1", "B@2", "a stale majority")]
    [InlineData("A@1 !B@2 A@1", "A@1", "the newest word is of one out of reach")]
    [InlineData("A@1 - -", "A@1", "one is enough when the others failed")]
    [InlineData("~- A@1 A@1", null, "one has not spoken")]
    [InlineData("A@1 B@1 A@1", "A@1", "split, and a majority")]
    [InlineData("A@1 B@1", null, "split, and none")]
    [InlineData("A@1 B@1 !A@1", null, "who is out of reach decides nothing")]
    [InlineData("A@1 B@1 C@1", null, "split three ways")]
    [InlineData("? ? A@1", "A@1", "who does not know the name has no say")]
    [InlineData("? A@1 B@1 A@1", "A@1", "nor counts in the majority")]
    [InlineData("? ? ?", null, "nobody knows the name")]
    [InlineData("!A@1 !A@1 !A@1", null, "nobody is reachable")]
    [InlineData("", null, "nobody is known")]
    [InlineData("0.0.0.0:6379@9 A@1 A@1", "A@1", "one that starts announces 0.0.0.0")]
    [InlineData(":::6379@9 A@1", "A@1", "or ::")]
    [InlineData("10.0.0.2:0@9 A@1", "A@1", "port 0")]
    [InlineData("127.0.0.1:6380@9 A@1", "A@1", "our own listener")]
    [InlineData("127.7.7.7:6380@9", null, "nothing but our own listener")]
    [InlineData("192.168.0.1:6379@9 A@1 A@1", "A@1", "outside of the allowed networks")]
    [InlineData("redis-1:6379@9 A@1", "A@1", "a name that is not resolved")]
    [InlineData("redis-2:6379@9 A@1", "redis-2:6379@9", "a name that is")]
    public void Decide_NothingAcceptedYet_TakesTheHighestEpoch(string votes, string? expected, string why) =>
        AssertDecision(accepted: null, votes, expected, why);

    [Theory]
    [InlineData("A@1", "A@1 A@1 A@1", null, "nothing new")]
    [InlineData("A@1", "A@1 B@2 A@1", "B@2", "the leader is the first to know")]
    [InlineData("A@1", "A@1 !B@2 A@1", null, "but only when it says so now")]
    [InlineData("A@1", "B@2 C@2 A@1", null, "two masters at a higher epoch")]
    [InlineData("A@1", "B@2 C@2 B@2", "B@2", "two masters, and a majority")]
    [InlineData("A@1", "A@2 A@1 A@1", "A@2", "the epoch alone")]
    [InlineData("A@1", "B@1 A@1 A@1", null, "a minority at the same epoch")]
    [InlineData("A@1", "B@1 B@1 A@1", "B@1", "a majority at the same epoch")]
    [InlineData("A@1", "B@1 A@1", null, "half is no majority")]
    [InlineData("A@1", "B@1 B@1 - !A@1", "B@1", "a majority of the reachable")]
    [InlineData("B@2", "A@1 A@1 B@2", null, "a stale majority, and one who knows better")]
    [InlineData("B@2", "A@1 !B@2 !B@2", null, "a stale minority is all that is left")]
    [InlineData("B@2", "A@1 A@1 !B@2", "A@1 lower", "a majority went back, after RESET or REMOVE and MONITOR")]
    [InlineData("B@2", "A@0 A@0 A@0", "A@0 lower", "all went back")]
    [InlineData("B@2", "B@0 B@0 B@0", "B@0 lower", "all went back, to the same address")]
    [InlineData("B@2", "B@0 B@0 B@2", null, "one still counts from before")]
    [InlineData("B@2", "A@0 A@0 A@2", "A@0 lower", "who still counts from before agrees on the address")]
    [InlineData("B@2", "A@0 A@0 C@3", "C@3", "a failover at the same time")]
    [InlineData("B@2", "A@0 A@1 C@1", null, "they went back, and disagree")]
    [InlineData("B@2", "A@0 A@0 - - -", null, "a majority of the reachable is not one of all known")]
    [InlineData("B@2", "A@0 A@0 ? ? ?", "A@0 lower", "who does not know the name is not one of them")]
    [InlineData("B@2", "A@1x A@1x !B@2", null, "the leader died after it promoted B, and the rest still has the dead A")]
    [InlineData("B@2", "A@1x A@1 A@1", "A@1 lower", "a minority doubts what the majority went back to")]
    [InlineData("A@1", "B@2x A@1 A@1", "B@2", "going forward, doubts do not matter")]
    [InlineData("A@3", "!A@3 !A@3 !A@3", null, "all are lost: keep")]
    [InlineData("A@3", "? ? ?", null, "all forgot the name: keep")]
    [InlineData("A@3", "- - -", null, "all were replaced by ones that never answered: keep")]
    [InlineData("A@3", "0.0.0.0:6379@4 A@3", null, "unusable at a higher epoch")]
    [InlineData("A@3", "~- B@4", "B@4", "later nobody is waited for")]
    public void Decide_MasterAccepted_NeverGoesBackWithoutAMajority(string accepted, string votes, string? expected, string why) =>
        AssertDecision(accepted, votes, expected, why);

    [Fact]
    public void Decide_FlipFlop_FollowsEveryEpochAndNothingElse()
    {
        string accepted = "A@1";
        string[] rounds =
        [
            "A@1 A@1 A@1", "A@1 B@2 A@1", "B@2 B@2 A@1", "B@2 B@2 B@2", "B@2 B@2 A@3", "A@3 B@2 B@2", "!A@3 B@2 !B@2", "A@3 A@3 A@3",
        ];
        var path = new List<string>();
        foreach (string round in rounds)
        {
            if (Decide(accepted, round).Accepted is { } next)
            {
                accepted = Write(next);
                path.Add(accepted);
            }
        }

        Assert.Equal(["B@2", "A@3"], path);
    }

    [Fact]
    public void Decide_SplitAtTheStart_NamesBothCamps()
    {
        ElectionResult result = Decide(null, "A@7 B@7");
        Assert.Contains("epoch 7", result.Reason, StringComparison.Ordinal);
        Assert.Contains("10.0.0.101:6379", result.Reason, StringComparison.Ordinal);
        Assert.Contains("10.0.0.102:6379", result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Decide_RandomRounds_NeverLowersTheEpochWhileSomebodyHoldsIt()
    {
        int seed = Environment.TickCount;
        var random = new Random(seed);
        for (int i = 0; i < 2000; i++)
        {
            string[] masters = ["A", "B", "C"];
            string accepted = $"{masters[random.Next(3)]}@{random.Next(4)}";
            string votes = string.Join(' ', Enumerable.Range(0, random.Next(1, 6)).Select(_ => RandomVote()));
            ElectionResult result = Decide(accepted, votes);
            long epoch = long.Parse(accepted[2..], CultureInfo.InvariantCulture);
            bool isHeld = votes.Split(' ').Contains(accepted);
            Assert.True(
                result.Accepted is not { } next || next.Epoch >= epoch || (!isHeld && result.IsLowerEpoch),
                $"seed {seed}: {accepted} and {votes} gave {result.Accepted}");

            string RandomVote() => random.Next(5) switch
            {
                0 => "-",
                1 => $"!{masters[random.Next(3)]}@{random.Next(4)}",
                _ => $"{masters[random.Next(3)]}@{random.Next(4)}",
            };
        }
    }

    private static void AssertDecision(string? accepted, string votes, string? expected, string why)
    {
        ElectionResult result = Decide(accepted, votes);
        string? actual = result.Accepted is { } master ? Write(master) + (result.IsLowerEpoch ? " lower" : "") : null;
        Assert.True(expected == actual, $"{why}: expected {expected ?? "keep"}, got {actual ?? "keep"} ({result.Reason})");
        Assert.NotEmpty(result.Reason);
    }

    private static ElectionResult Decide(string? accepted, string votes)
    {
        MasterCandidate? master = accepted is null
            ? null
            : new MasterCandidate(Place(accepted).Master!, At(accepted), Place(accepted).Epoch);
        SentinelVote[] all = [.. votes.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Vote)];
        return MasterElection.Decide(master, all, mayWait: true);
    }

    private static SentinelVote Vote(string text, int number) => SentinelVote.Of(
        new SentinelReport
        {
            Sentinel = new HostEndpoint($"10.0.1.{number}", 26379),
            IsReachable = text[0] is not ('!' or '-' or '~'),
            HasSpoken = text[0] != '~',
            Answer = text.TrimStart('!', '~') is { } answer && answer != "-" ? Place(answer) : null,
        },
        new AddressPolicy(Options),
        Resolve);

    private static SentinelAnswer Place(string text)
    {
        if (text == "?")
        {
            return new SentinelAnswer { IsUnknownName = true, Error = "No such master" };
        }

        string[] parts = text.Split('@');
        string place = parts[0] is [var letter and >= 'A' and <= 'C'] ? $"10.0.0.{letter - 'A' + 101}:6379" : parts[0];
        int colon = place.LastIndexOf(':');
        HostEndpoint? master = HostEndpoint.ReadAnnounced(place[..colon], place[(colon + 1)..]);
        return new SentinelAnswer
        {
            Master = master,
            Epoch = long.Parse(parts[1].TrimEnd('x'), CultureInfo.InvariantCulture),
            Described = master,
            Flags = parts[1].EndsWith('x') ? "master,s_down" : "master",
        };
    }

    private static IPEndPoint At(string text) => new(Resolve(Place(text).Master!.Host)!, Place(text).Master!.Port);

    private static IPAddress? Resolve(string host) =>
        host == "redis-2" ? IPAddress.Parse("10.0.0.99") : IPAddress.TryParse(host, out IPAddress? address) ? address : null;

    private static string Write(MasterCandidate master)
    {
        string host = master.Announced.Host;
        bool isLettered = host.StartsWith("10.0.0.10", StringComparison.Ordinal);
        string name = isLettered ? $"{(char)('A' + host[^1] - '1')}" : master.Announced.ToString();
        return $"{name}@{master.Epoch}";
    }
}
