using System.Text;

using RedisProxy.Configuration;
using RedisProxy.Resp;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Topology;

/// <summary>What Sentinels say on the wire, and what is made of it.</summary>
public class SentinelWireTests
{
    [Theory]
    [InlineData("+switch-master", "mymaster 10.0.0.1 6379 10.0.0.2 6380", "mymaster", "10.0.0.1", "6379")]
    [InlineData("+sdown", "master mymaster 10.0.0.1 6379", "mymaster", "10.0.0.1", "6379")]
    [InlineData("+odown", "master mymaster ::1 6379 #quorum 2/2", "mymaster", "::1", "6379")]
    [InlineData("+slave", "slave 10.0.0.3:6379 10.0.0.3 6379 @ mymaster 10.0.0.1 6379", "mymaster", "10.0.0.1", "6379")]
    [InlineData("+sentinel", "sentinel 0123 10.0.0.3 26379 @ mymaster redis-1 6379", "mymaster", "redis-1", "6379")]
    [InlineData("-failover-abort-slave-timeout", "master mymaster 10.0.0.1 6379", "mymaster", "10.0.0.1", "6379")]
    [InlineData("+tilt", "#tilt mode entered", null, null, null)]
    [InlineData("+new-epoch", "7", null, null, null)]
    [InlineData("+vote-for-leader", "0123 7", null, null, null)]
    [InlineData("+sdown", "", null, null, null)]
    [InlineData("+sdown", "slave x y z @", null, null, null)]
    [InlineData("+sdown", "master", null, null, null)]
    public void Event_OfSentinel_TellsWhichMasterItIsAbout(string name, string payload, string? master, string? host, string? port)
    {
        var news = new SentinelEvent(name, payload);
        Assert.Equal(master, news.MasterName);
        Assert.Equal(host is null ? null : (host, port!), news.MasterAddress);
    }

    [Fact]
    public void Answer_Resp2AndResp3_AreReadAlike()
    {
        string[] fields =
            ["name", "m", "ip", "10.0.0.1", "port", "6379", "flags", "master,s_down,o_down", "config-epoch", "12", "quorum", "2"];
        string body = string.Concat(fields.Select(field => $"${field.Length}\r\n{field}\r\n"));
        foreach (string head in new[] { "*12\r\n", "%6\r\n" })
        {
            SentinelAnswer answer = SentinelAnswer.Read(Parse(head + body), Parse("*2\r\n$8\r\n10.0.0.2\r\n$4\r\n6380\r\n"));
            Assert.Equal(new HostEndpoint("10.0.0.2", 6380), answer.Master);
            Assert.Equal(new HostEndpoint("10.0.0.1", 6379), answer.Described);
            Assert.Equal((12L, 2, ""), (answer.Epoch, answer.Quorum, answer.Error));
            Assert.True(answer is { SaysSubjectivelyDown: true, SaysObjectivelyDown: true, SaysFailingOver: false });
        }
    }

    [Theory]
    [InlineData("-ERR No such master with that name\r\n", "_\r\n", true)]
    [InlineData("%1\r\n+ip\r\n+x\r\n", "_\r\n", true)]
    [InlineData("*0\r\n", "*-1\r\n", true)]
    [InlineData("-NOPERM this user has no permissions\r\n", "-NOPERM\r\n", false)]
    [InlineData("%0\r\n", "*2\r\n$1\r\nx\r\n$5\r\n65536\r\n", false)]
    [InlineData("%0\r\n", "*2\r\n$0\r\n\r\n$1\r\n1\r\n", false)]
    public void Answer_NoMaster_SaysWhetherTheNameIsUnknown(string master, string address, bool isUnknownName)
    {
        SentinelAnswer answer = SentinelAnswer.Read(Parse(master), Parse(address));
        Assert.Null(answer.Master);
        Assert.Equal(isUnknownName, answer.IsUnknownName);
        Assert.NotEmpty(answer.Error);
    }

    [Theory]
    [InlineData("10.0.0.1", "10.0.0.1")]
    [InlineData("2001:DB8:0:0::1", "2001:db8::1")]
    [InlineData("::ffff:10.0.0.1", "10.0.0.1")]
    [InlineData("Redis-1.Example", "redis-1.example")]
    public void Endpoint_OneAddressWrittenInSeveralWays_IsOne(string host, string expected) =>
        Assert.Equal(new HostEndpoint(expected, 6379), HostEndpoint.ReadAnnounced(host, "6379"));

    [Fact]
    public void Round_FullAndBrief_AreReadBack()
    {
        var questions = new SentinelQuestions(["a", "b"]);
        Assert.Equal(4, questions.Ask(isFull: false).Count);
        Assert.Equal(9, questions.Ask(isFull: true).Count);
        Assert.Equal(["SENTINEL", "MASTER", "b"], questions.Ask(isFull: true)[2]);
        RespValue unknown = Parse("-ERR No such master with that name\r\n");
        RespValue none = Parse("_\r\n");
        const string Info =
            "# Sentinel\r\nsentinel_masters:2\r\nsentinel_tilt:1\r\nmaster0:name=x,status=ok\r\nmaster1:name=y,status=sdown\r\n";
        RespValue info = Parse($"${Info.Length}\r\n{Info}\r\n");
        SentinelRound round = questions.Read([unknown, none, unknown, none, unknown, unknown, unknown, unknown, info], isFull: true);
        Assert.Equal(["a", "b"], round.Answers.Keys.Order());
        Assert.Equal(["x", "y"], round.MasterNames!);
        Assert.True(round.IsInTilt);

        SentinelRound brief = questions.Read([unknown, none, unknown, none], isFull: false);
        Assert.Empty(brief.Lists);
        Assert.Null(brief.IsInTilt);
        Assert.Null(brief.MasterNames);
    }

    private static RespValue Parse(string message) => RespValue.Read(Encoding.UTF8.GetBytes(message));
}
