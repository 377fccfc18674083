using RedisProxy.Admin;
using RedisProxy.Configuration;
using RedisProxy.DataPlane;
using RedisProxy.Tests.Notify;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Admin;

/// <summary>What is said of an outage while it lasts.</summary>
public sealed class OutageStatusTests
{
    private static readonly HoldOptions Hold = new() { Timeout = TimeSpan.FromSeconds(4), MaxOutage = TimeSpan.FromSeconds(30) };

    [Theory]
    [InlineData(2.3, 1.7, "master gone for 2.3 s, 2 of 3 Sentinels say down, requests get NOT-EXECUTED in 1.7 s")]
    [InlineData(7, 0, "master gone for 7.0 s, 2 of 3 Sentinels say down, requests get NOT-EXECUTED after waiting 4 s")]
    [InlineData(31, 0, "master gone for 31.0 s, 2 of 3 Sentinels say down, requests get NOT-EXECUTED at once")]
    public void LostMaster_SaysHowManySentinelsKnow_AndWhatHappensToRequests(double seconds, double left, string expected)
    {
        OutageStatus status = Of(Availability.Down, seconds);
        Assert.Equal((expected, 2, left), (status.Text, status.SentinelsDown, status.NotExecutedInSeconds));
    }

    [Fact]
    public void Hold_IsOne() =>
        Assert.Equal("requests held for 0.5 s, requests get NOT-EXECUTED in 3.5 s", Of(Availability.PlannedHold, 0.5).Text);

    [Fact]
    public void MasterThatIsBack_SaysHowManySessionsAreNot()
    {
        OutageStatus status = Of(Availability.Down, 3, isOver: true);
        Assert.Equal("the master takes requests again, held for 3.0 s, 8 session(s) still connect to it", status.Text);
        Assert.Null(status.NotExecutedInSeconds);
    }

    private static OutageStatus Of(Availability availability, double seconds, bool isOver = false)
    {
        var view = new TopologyView
        {
            MasterName = "m",
            Availability = availability,
            Sentinels =
            [
                FakeSource.Opinion(1, flags: "master,s_down,o_down"), FakeSource.Opinion(2, flags: "master,s_down"), FakeSource.Opinion(3),
            ],
        };
        return OutageStatus.Of(new RunningOutage(DateTimeOffset.UnixEpoch, TimeSpan.FromSeconds(seconds), view, isOver, 8), Hold);
    }
}
