using System.Text;

using RedisProxy.Audit;
using RedisProxy.Configuration;
using RedisProxy.Resp;

namespace RedisProxy.Tests.Audit;

public sealed class SentinelRulesTests
{
    private readonly AuditScene _scene = new();

    [Theory]
    [InlineData(1, "Critical - Sentinels there is one")]
    [InlineData(2, "Critical - Sentinels there are two")]
    public void Number_BelowThree_IsCritical(int count, string expected)
    {
        _scene.Sentinels.RemoveRange(count, 3 - count);

        Assert.StartsWith(expected, _scene.Text(), StringComparison.Ordinal);
    }

    [Fact]
    public void Number_ThatIsEven_IsAWarning()
    {
        _scene.Sentinels.Add(_scene.Sentinels[0] with { Endpoint = new HostEndpoint("127.0.0.1", 26382) });

        Assert.Equal(
            "Warning - Sentinels there are 4: they tolerate no more failures than 3, and neither half of a split network has a majority",
            _scene.Text());
    }

    [Theory]
    [InlineData("failover-timeout", "1", "Warning - failover-timeout is 60000 on 127.0.0.1:26379, 60000 on 127.0.0.1:26380, 1 on ")]
    [InlineData("quorum", "4", "Critical 127.0.0.1:26381 quorum is 4, but there are only 3 Sentinels")]
    [InlineData("quorum", "1", "Warning 127.0.0.1:26381 quorum is 1: a single Sentinel that")]
    [InlineData("num-other-sentinels", "5", "Warning 127.0.0.1:26381 Sentinels counts 6 Sentinels, but 3 were found")]
    public void Setting_ThatIsAnotherOnOneSentinel_IsFound(string field, string value, string expected)
    {
        _scene.Sentinels[2] = AuditScene.With(_scene.Sentinels[2], field, value);

        Assert.Contains(expected, _scene.Text(), StringComparison.Ordinal);
    }

    [Fact]
    public void Sentinel_ThatIsFullSeesNoQuorumOrIsSilent_IsFound()
    {
        _scene.Sentinels[0] = _scene.Sentinels[0] with
        {
            Clients = new Dictionary<string, string> { ["connected_clients"] = "9000", ["maxclients"] = "10000" },
        };
        _scene.Sentinels[1] = _scene.Sentinels[1] with { QuorumComplaint = "NOQUORUM 1 usable Sentinels" };
        _scene.Sentinels[2] = new SentinelFacts { Endpoint = _scene.Sentinels[2].Endpoint, Failure = "Connection refused" };

        Assert.Equal(
            """
            Critical 127.0.0.1:26379 maxclients 9000 of 10000 connections are in use: at the limit, clients and Sentinels are refused
            Critical 127.0.0.1:26380 quorum sees no failover possible: NOQUORUM 1 usable Sentinels
            Warning 127.0.0.1:26381 unreachable was not checked, and may have no vote: Connection refused
            """,
            _scene.Text());
    }

    [Fact]
    public void Sentinel_ThatWatchesOtherMastersOnly_IsReachedAndHasNoVote()
    {
        _scene.Sentinels.Add(new SentinelFacts { Endpoint = new HostEndpoint("127.0.0.1", 26382), HasNoSay = true });

        // Nor are there four: with two of the others it would be too few.
        Assert.Equal(
            "Warning 127.0.0.1:26382 Sentinels monitors other masters but not this one: it has no vote here, and does not "
            + "count",
            _scene.Text());
        _scene.Sentinels.RemoveAt(0);
        Assert.StartsWith("Critical - Sentinels there are two", _scene.Text(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("NOPERM User other has no permissions", ", because the user of sentinel.username lacks the permission")]
    [InlineData("NOAUTH Authentication required.", ", because the user of sentinel.username lacks the permission")]
    [InlineData("ERR Unknown subcommand", "")]
    public void Quorum_ThatMayNotBeAskedFor_IsNotAMissingOne(string reply, string cause)
    {
        _scene.Sentinels[0] = Read("*2\r\n+quorum\r\n+2\r\n", $"-{reply}\r\n") with { Master = _scene.Sentinels[0].Master };

        Assert.Equal(
            $"Warning 127.0.0.1:26379 not looked at SENTINEL CKQUORUM is refused: {reply}: its view is unknown{cause}", _scene.Text());
    }

    [Fact]
    public void Sentinel_ThatRefusesEverything_IsComparedInNothing()
    {
        _scene.Sentinels[0] = Read("-NOPERM no", "-NOQUORUM 1 usable Sentinels\r\n");

        Assert.Equal(
            "Critical 127.0.0.1:26379 quorum sees no failover possible: NOQUORUM 1 usable Sentinels\n"
            + "Warning 127.0.0.1:26379 not looked at SENTINEL MASTER is refused: NOPERM no: its view is unknown, because the user of "
            + "sentinel.username lacks the permission",
            _scene.Text());
    }

    private static SentinelFacts Read(string master, string quorum) => FactCollector.Read(
        new HostEndpoint("127.0.0.1", 26379), Reply(master), Reply("$0\r\n\r\n"), Reply(quorum));

    private static RespValue Reply(string text) => RespValue.Read(Encoding.UTF8.GetBytes(text.EndsWith('\n') ? text : $"{text}\r\n"));

    [Fact]
    public void Replicas_OfPriorityZero_AreNeverPromoted()
    {
        _scene.Replica = AuditScene.With(_scene.Replica, "replica-priority", "0");
        Assert.Equal("", _scene.Text());

        _scene.Second = AuditScene.With(_scene.Second, "replica-priority", "0");
        Assert.Equal("Critical - replica-priority is 0 on every replica: none can be promoted", _scene.Text());
    }

    [Fact]
    public void Master_ThatIsNotThere_IsCriticalWithTheReason()
    {
        var facts = new DeploymentFacts("mymaster", null, "no Sentinel knows it", [], _scene.Sentinels);

        Assert.Equal(
            ["there is none: no Sentinel knows it", "there is none: nothing can replace the master when it is down"],
            DeploymentAudit.Judge(facts).Select(finding => finding.Text));
    }

    [Fact]
    public void File_OfAServer_IsReadAsRedisDoes()
    {
        Assert.Equal(
            new Dictionary<string, string> { ["port"] = "6380", ["save"] = "900 1 300 10", ["maxmemory"] = "1gb", ["requirepass"] = "a b" },
            RedisConfFile.Parse(
                ["# port 1", "port 6380", "save 900 1", "save 300 10", "", "maxmemory\t1gb", "requirepass \"a b\""], 6380));

        // Another server's, or not all of it.
        Assert.Null(RedisConfFile.Parse(["port 6380"], 6379));
        Assert.Null(RedisConfFile.Parse(["maxmemory 1gb"], 6380));
        Assert.Null(RedisConfFile.Parse(["port 6380", "include /etc/redis/common.conf"], 6380));
    }
}
