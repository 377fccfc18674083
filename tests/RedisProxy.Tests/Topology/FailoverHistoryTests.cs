using System.Net;

using RedisProxy.Topology;

namespace RedisProxy.Tests.Topology;

public sealed class FailoverHistoryTests
{
    private static readonly FailoverCost Cost =
        new(0, "", null, null, null, null, 0, RequestCost.None, new Dictionary<string, RequestCost>());

    private readonly FailoverHistory _history = new();

    /// <summary>An operator's pause ends, and is added, while a new master is being confirmed.</summary>
    [Fact]
    public void Failover_WithAPauseBehindIt_IsCompleted_AndGetsItsCost()
    {
        _history.Add(Record(FailoverKind.Unplanned, available: null));
        _history.Add(Record(FailoverKind.Pause, available: TimeSpan.FromSeconds(1), Cost));

        _history.Complete(TimeSpan.FromSeconds(2));

        Assert.Equal(TimeSpan.FromSeconds(2), _history.Last[0].AvailableAfter);
        Assert.Equal(1, _history.Settle(static _ => true, static _ => Cost)!.Number);
    }

    [Fact]
    public void Cost_GoesToTheFailover_AndNotToAHoldThatFollowedIt()
    {
        _history.Add(Record(FailoverKind.Planned, TimeSpan.FromSeconds(1)));
        _history.Add(Record(FailoverKind.FalseAlarm, TimeSpan.FromSeconds(1)));

        Assert.Equal(FailoverKind.Planned, _history.Settle(static _ => true, static _ => Cost)!.Kind);
        Assert.Equal(FailoverKind.FalseAlarm, _history.Settle(static _ => true, static _ => Cost)!.Kind);
        Assert.Null(_history.Settle(static _ => true, static _ => Cost));
    }

    [Fact]
    public void Cost_OfALaterOutage_IsNotThatOfAnEarlierFailover()
    {
        _history.Add(Record(FailoverKind.Unplanned, TimeSpan.FromSeconds(1)));

        Assert.Null(_history.Settle(static _ => false, static _ => Cost));
        Assert.Null(_history.Last[0].Cost);
    }

    private static FailoverRecord Record(FailoverKind kind, TimeSpan? available, FailoverCost? cost = null) => new()
    {
        Kind = kind,
        FirstSignAt = DateTimeOffset.UnixEpoch,
        AvailableAfter = available,
        Old = new IPEndPoint(IPAddress.Loopback, 1),
        New = new IPEndPoint(IPAddress.Loopback, 2),
        Cost = cost,
    };
}
