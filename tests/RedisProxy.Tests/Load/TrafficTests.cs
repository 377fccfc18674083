using RedisProxy.Load;
using RedisProxy.Load.Measures;

namespace RedisProxy.Tests.Load;

public sealed class TrafficTests
{
    [Fact]
    public void Order_ThoseThatAreJudged_RunThriceEachBesideTheOthers()
    {
        Assert.Equal(
            ["direct", "haproxy", "proxy", "proxy", "haproxy", "floor", "haproxy", "proxy"],
            Traffic.Order(["direct", "haproxy", "floor", "proxy"], ["haproxy", "proxy"]));
        Assert.Equal(["a", "b", "c", "c", "b", "a", "a", "b", "c"], Traffic.Order(["a", "b", "c"], ["a", "b", "c"]));
    }

    [Fact]
    public void Order_NoTwoAreJudged_HasEachOnce() =>
        Assert.Equal(["direct", "proxy"], Traffic.Order(["direct", "proxy"], ["haproxy", "proxy"]));

    [Fact]
    public void Table_OnlyWhereConnectionsAreShared_SaysHowManyThereAre()
    {
        Assert.Contains("connections at redis", TrafficTable.Titles(Target.MultiplexKeys));
        Assert.DoesNotContain("connections at redis", TrafficTable.Titles(Target.DefaultKeys));
        Assert.Contains("CPU ÷ floor", TrafficTable.Titles(Target.DefaultKeys));
        Assert.DoesNotContain("CPU ÷ floor", TrafficTable.Titles(Target.MultiplexKeys));
    }

    [Fact]
    public void Without_TargetsThatDoSomethingElse_AreLeftOut()
    {
        Assert.Equal([Target.NutcrackerKey], Cell.Connect.Without);
        Assert.All(Target.Keys, key => Assert.Equal(Target.Shares(key), Cell.Multiplexer.Without.Contains(key)));
    }

    [Fact]
    public void ConnectionsOfAProcess_AreItsOwnThatAreOpenAndLeadToThatPort()
    {
        string[] table =
        [
            "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
            Line("0100007F:9C40", "0100007F:18EB", "01", "11"),
            Line("0100007F:9C41", "0100007F:18EB", "01", "12"),
            Line("0100007F:9C42", "0100007F:18EB", "01", "99"),
            Line("0100007F:9C43", "0100007F:18EB", "06", "13"),
            Line("0100007F:18EB", "0100007F:9C40", "01", "14"),
        ];

        Assert.Equal(2, ProcessSockets.CountTo(table, new HashSet<string> { "11", "12", "13", "14" }, 0x18EB));
    }

    private static string Line(string local, string remote, string state, string inode) =>
        $"   1: {local} {remote} {state} 00000000:00000000 00:00000000 00000000     0        0 {inode} 1 0000000000000000 20 4 0 10 -1";
}
