using System.Text;

using RedisProxy.Audit;
using RedisProxy.Configuration;
using RedisProxy.Notify;
using RedisProxy.Topology;

using static RedisProxy.Tests.Notify.FakeSource;

namespace RedisProxy.Tests.Notify;

/// <summary>The published form of a message.</summary>
public sealed class NotificationJsonTests
{
    private static readonly DateTimeOffset At = new(2026, 11, 27, 12, 0, 1, 234, TimeSpan.Zero);

    private static readonly Notification Smallest = new()
    {
        Id = "abc-1",
        Event = NotifyEvent.SentinelsLost,
        At = At,
        Text = "a \"text\" – ü",
    };

    private static readonly string Proxy = $"\"proxy\":\"{Environment.MachineName}\"";

    [Fact]
    public void Smallest_HasTheFieldsThatAllHave() => Assert.Equal(
        "{\"version\":1,\"id\":\"abc-1\",\"event\":\"sentinels_lost\",\"at\":\"2026-11-27T12:00:01.234Z\"," + Proxy
            + ",\"master\":null,\"text\":\"a \\\"text\\\" – ü\"}",
        Write(Smallest));

    [Fact]
    public void Failover_HasItsTimeline()
    {
        FailoverRecord record = Record(FailoverKind.Unplanned, A, B, At, TimeSpan.FromSeconds(1.23456)) with { Number = 3 };
        string json = Write(Smallest with { Failover = new FailoverReport(record, Announced(A), Announced(B)) });
        Assert.Contains(
            """
            "failover":{"number":3,"kind":"unplanned","firstSignAt":"2026-11-27T12:00:01.234Z","acceptedAfterSeconds":0.9,
            "availableAfterSeconds":1.235,"old":"10.0.0.1:6379","new":"10.0.0.2:6379","oldAnnounced":"redis-1:6379",
            "newAnnounced":"redis-2:6379","epoch":7,"who":"s1, s2"}
            """.ReplaceLineEndings(""),
            json,
            StringComparison.Ordinal);
        record = Record(FailoverKind.Restart, A, A, At, TimeSpan.FromSeconds(1));
        json = Write(Smallest with { Failover = new FailoverReport(record, Announced(A), Announced(A)) });
        Assert.Contains("\"acceptedAfterSeconds\":null,", json, StringComparison.Ordinal);
    }

    [Fact]
    public void Rest_IsThereWhenThereIsSomethingToSay()
    {
        string json = Write(
            Smallest with
            {
                Outage = new OutageReport(At, TimeSpan.FromSeconds(5), Availability.PlannedHold, "because"),
                Sentinels = new SentinelCount(3, 1),
                Replica = new ReplicaReport(Announced(B), "its link is down"),
                Findings = [new Finding(Severity.Critical, null, "replicas", "there is none")],
            },
            new DroppedCounts([new(NotifyEvent.MasterDown, 2)]));
        Assert.EndsWith(
            """
            "outage":{"since":"2026-11-27T12:00:01.234Z","seconds":5,"availability":"planned_hold","reason":"because"},
            "sentinels":{"known":3,"connected":1},"replica":{"address":"redis-2:6379","reason":"its link is down"},
            "findings":[{"severity":"critical","where":null,"topic":"replicas","text":"there is none"}],"leftOut":{"master_down":2}}
            """.ReplaceLineEndings(""),
            json,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Findings_BeyondALimit_AreCounted()
    {
        Finding[] many = [.. Enumerable.Range(0, 60).Select(i => new Finding(Severity.Critical, null, $"setting-{i}", "differs"))];
        string json = Write(Smallest with { Findings = many });
        Assert.EndsWith("}],\"moreFindings\":10}", json, StringComparison.Ordinal);
    }

    [Fact]
    public void Availabilities_HaveTheNamesOfStatus() => Assert.All(Enum.GetValues<Availability>(), one => Assert.Contains(
        $"\"availability\":\"{RedisProxy.Admin.Labels.Of(one)}\"",
        Write(Smallest with { Outage = new OutageReport(At, TimeSpan.Zero, one, "") }),
        StringComparison.Ordinal));

    private static string Write(Notification told, DroppedCounts? leftOut = null) =>
        Encoding.UTF8.GetString(NotificationJson.Write(told, leftOut ?? DroppedCounts.Nothing));
}
