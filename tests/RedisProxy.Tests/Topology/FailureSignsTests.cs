using System.Net;

using RedisProxy.Configuration;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Topology;

/// <summary>
/// Tables: what each Sentinel says of the master, <c>up</c>, <c>s</c> for s_down, <c>o</c> for s_down and o_down, <c>f</c> for a failover;
/// a leading <c>!</c> is out of reach, <c>~</c> is in TILT, <c>@</c> speaks of another address, <c>?</c> knows no such master.
/// </summary>
public sealed class FailureSignsTests
{
    private static readonly IPEndPoint Master = new(IPAddress.Loopback, 6379);

    [Theory]
    [InlineData("up up up", false, false)]
    [InlineData("s up up", true, false)]
    [InlineData("s s up", true, true)]
    [InlineData("o s s", true, true)]
    [InlineData("o s up", true, true)]
    [InlineData("o up up", true, false)]
    [InlineData("o !up !up", true, true)]
    [InlineData("o up !up", true, true)]
    [InlineData("o up ~up", true, true)]
    [InlineData("o up @up", true, true)]
    [InlineData("o", true, true)]
    [InlineData("o ? ?", true, true)]
    [InlineData("o ? up up", true, false)]
    [InlineData("~o up up", false, false)]
    [InlineData("!o up up", false, false)]
    [InlineData("o up up up up", true, false)]
    [InlineData("o up up up !up", true, true)]
    public void ObjectivelyDown_IsBelievedUnlessTheOthersRuleItOut(string said, bool isDoubted, bool isSaidDown)
    {
        FailureSigns signs = Read(said, quorum: 2);
        Assert.Equal((isDoubted, isSaidDown, false), (signs.IsDoubted, signs.IsSaidDown, signs.IsFailingOver));
    }

    [Fact]
    public void ObjectivelyDown_WithAQuorumOfOne_IsItsOwnBusiness() => Assert.True(Read("o up up", quorum: 1).IsSaidDown);

    [Fact]
    public void Failover_OfALeaderThatNobodyAgreesWith_IsHeededAllTheSame()
    {
        FailureSigns signs = Read("f up up", quorum: 2);
        Assert.True(signs.IsFailingOver && signs.Any);
        Assert.False(signs.IsOrdered);
    }

    [Fact]
    public void Failover_OfALeaderThatTakesTheMasterForUp_WasOrdered() => Assert.True(Read("F s up", quorum: 2).IsOrdered);

    private static FailureSigns Read(string said, int quorum) =>
        FailureSigns.Read([.. said.Split(' ').Select((one, i) => Vote(one, i, quorum))], Master);

    private static SentinelVote Vote(string said, int index, int quorum)
    {
        string flags = said[^1] switch
        {
            's' => "master,s_down",
            'o' => "master,s_down,o_down",
            'f' => "master,s_down,o_down,failover_in_progress",
            'F' => "master,failover_in_progress",
            _ => "master",
        };
        var report = new SentinelReport
        {
            Sentinel = new HostEndpoint("10.0.0.1", 26379 + index),
            IsReachable = said[0] != '!',
            IsInTilt = said[0] == '~',
            Answer = said == "?"
                ? new SentinelAnswer { Error = "ERR No such master with that name", IsUnknownName = true }
                : new SentinelAnswer { Master = new HostEndpoint("127.0.0.1", 6379), Flags = flags, Quorum = quorum },
        };
        IPEndPoint? address = said == "?" ? null : Master;
        return new SentinelVote(report, address, said[0] == '@' ? new IPEndPoint(IPAddress.Loopback, 1) : address, "");
    }
}
