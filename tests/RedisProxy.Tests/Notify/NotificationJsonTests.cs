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
            "newAnnounced":"redis-2:6379","epoch":7,"who":"s1, s2","cost":null}
            """.ReplaceLineEndings(""),
            json,
            StringComparison.Ordinal);
        record = Record(FailoverKind.Restart, A, A, At, TimeSpan.FromSeconds(1));
        json = Write(Smallest with { Failover = new FailoverReport(record, Announced(A), Announced(A)) });
        Assert.Contains("\"acceptedAfterSeconds\":null,", json, StringComparison.Ordinal);
    }

    [Fact]
    public void Cost_IsInTheTextAndInTheFields()
    {
        RequestCost total = new(12, 1.093, 2, 3, 4, new Dictionary<string, long> { ["pinned"] = 1 });
        var cost = new FailoverCost(
            0, "an event", 1.1, 0.15, 1.11, null, 5, total, new Dictionary<string, RequestCost> { ["main"] = total });
        FailoverRecord record = Record(FailoverKind.OnDemand, A, B, At, TimeSpan.FromSeconds(1)) with { Cost = cost };
        string json = Write(Smallest with { Text = "Moved", Failover = new FailoverReport(record, Announced(A), Announced(B)) });
        const string Fields = """
            {"held":12,"longestWaitSeconds":1.093,"notExecuted":2,"unknown":3,"resent":4,"sessionsEnded":{"pinned":1}}
            """;
        Assert.Contains("\"kind\":\"on_demand\"", json, StringComparison.Ordinal);
        Assert.Contains(
            "\"cost\":{\"holdBeganAfterSeconds\":0,\"why\":\"an event\",\"oldGoneAfterSeconds\":1.1,\"promotionSeenAfterSeconds\":0.15,"
                + "\"firstContinuedAfterSeconds\":1.11,\"allContinuedAfterSeconds\":null,\"sessionsWaiting\":5,\"total\":" + Fields
                + ",\"listeners\":{\"main\":" + Fields + "}}",
            json,
            StringComparison.Ordinal);
        Assert.Contains(
            "\"text\":\"Moved; held 12, longest wait 1.093 s, not executed 2, unknown 3, resent 4, sessions ended: pinned 1, "
                + "5 session(s) still waiting\"",
            json,
            StringComparison.Ordinal);
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

    [Theory]
    [InlineData(NotifyEvent.FailoverStarted, "failover_started")]
    [InlineData(NotifyEvent.FailoverFinished, "failover_finished")]
    [InlineData(NotifyEvent.FailoverAborted, "failover_aborted")]
    [InlineData(NotifyEvent.MasterDown, "master_down")]
    [InlineData(NotifyEvent.MasterUp, "master_up")]
    [InlineData(NotifyEvent.SentinelsLost, "sentinels_lost")]
    [InlineData(NotifyEvent.SentinelsBack, "sentinels_back")]
    [InlineData(NotifyEvent.ReplicaUnhealthy, "replica_unhealthy")]
    [InlineData(NotifyEvent.ReplicaHealthy, "replica_healthy")]
    [InlineData(NotifyEvent.DriftFound, "drift_found")]
    [InlineData(NotifyEvent.DriftGone, "drift_gone")]
    [InlineData(NotifyEvent.Test, "test")]
    public void Event_HasItsNameInTheMessageAndAmongTheLost(object one, string name) => Assert.Equal(
        $"{{\"version\":1,\"id\":\"abc-1\",\"event\":\"{name}\",\"at\":\"2026-11-27T12:00:01.234Z\",{Proxy},\"master\":\"m\","
            + $"\"text\":\"t\",\"leftOut\":{{\"{name}\":5}}}}",
        Write(Smallest with { Event = (NotifyEvent)one, Master = "m", Text = "t" }, new DroppedCounts([new((NotifyEvent)one, 5)])));

    [Fact]
    public void Everything_ToTheByte()
    {
        FailoverRecord record = Record(FailoverKind.Planned, A, B, At) with
        {
            Number = 3_000_000_000,
            AcceptedAfter = TimeSpan.Zero,
            Who = "",
        };
        string json = Write(
            Smallest with
            {
                // To the millisecond, in UTC, whatever the offset.
                At = new DateTimeOffset(At.AddTicks(9_999).DateTime, TimeSpan.FromHours(2)),
                Master = "m",
                Failover = new FailoverReport(record, Announced(A), Announced(B)),
                Outage = new OutageReport(At, TimeSpan.FromMilliseconds(0.5), Availability.Down, ""),
                Sentinels = new SentinelCount(0, 0),
                Replica = new ReplicaReport(Announced(B), ""),
                Findings =
                [
                    new Finding(Severity.Critical, Announced(A), "a", "1"),
                    new Finding(Severity.Warning, new("::1", 1), "b", "2"),
                    new Finding(Severity.Note, null, "c", "3"),
                ],
            },
            new DroppedCounts([new(NotifyEvent.MasterUp, long.MaxValue), new(NotifyEvent.FailoverStarted, 1)]));
        Assert.Equal(
            "{\"version\":1,\"id\":\"abc-1\",\"event\":\"sentinels_lost\",\"at\":\"2026-11-27T10:00:01.234Z\"," + Proxy +
            """
            ,"master":"m","text":"a \"text\" – ü","failover":{"number":3000000000,"kind":"planned",
            "firstSignAt":"2026-11-27T12:00:01.234Z","acceptedAfterSeconds":0,"availableAfterSeconds":null,"old":"10.0.0.1:6379",
            "new":"10.0.0.2:6379","oldAnnounced":"redis-1:6379","newAnnounced":"redis-2:6379","epoch":7,"who":"","cost":null},
            "outage":{"since":"2026-11-27T12:00:01.234Z","seconds":0,"availability":"down","reason":""},
            "sentinels":{"known":0,"connected":0},"replica":{"address":"redis-2:6379","reason":""},
            "findings":[{"severity":"critical","where":"redis-1:6379","topic":"a","text":"1"},
            {"severity":"warning","where":"[::1]:1","topic":"b","text":"2"},{"severity":"note","where":null,"topic":"c","text":"3"}],
            "leftOut":{"master_up":9223372036854775807,"failover_started":1}}
            """.ReplaceLineEndings(""),
            json);
    }

    [Theory]
    [InlineData("\" \\ / \t \n \u0001 \u007f", """\" \\ / \t \n \u0001 \u007F""")]
    [InlineData("<a href='x'>&+`", "<a href='x'>&+`")]
    [InlineData("größer – 日本", "größer – 日本")]
    [InlineData("\u2028 \u00a0 \ue000", """\u2028 \u00A0 \uE000""")]
    [InlineData("🚀", """\uD83D\uDE80""")]
    public void Text_IsEscapedNoMoreThanItMust(string text, string expected)
    {
        string json = Write(Smallest with { Text = text, Outage = new OutageReport(At, TimeSpan.Zero, Availability.Down, text) });
        Assert.Contains($"\"text\":\"{expected}\",", json, StringComparison.Ordinal);
        Assert.EndsWith($"\"reason\":\"{expected}\"}}}}", json, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_WithHalfACharacter_IsStillJson() => Assert.EndsWith(
        "\"text\":\"cut \\uFFFD here\"}", Write(Smallest with { Text = $"cut {'\ud83d'} here" }), StringComparison.Ordinal);

    [Fact]
    public void EachPart_StandsAlone()
    {
        Assert.EndsWith(
            "ü\",\"sentinels\":{\"known\":3,\"connected\":2}}",
            Write(Smallest with { Sentinels = new(3, 2) }),
            StringComparison.Ordinal);
        Assert.EndsWith(
            "ü\",\"replica\":{\"address\":\"redis-1:6379\",\"reason\":\"r\"}}",
            Write(Smallest with { Replica = new(Announced(A), "r") }),
            StringComparison.Ordinal);
        Assert.EndsWith(
            "ü\",\"findings\":[{\"severity\":\"note\",\"where\":null,\"topic\":\"t\",\"text\":\"x\"}]}",
            Write(Smallest with { Findings = [new Finding(Severity.Note, null, "t", "x")] }),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Findings_BeyondALimit_AreCounted()
    {
        Finding[] many = [.. Enumerable.Range(0, 60).Select(i => new Finding(Severity.Critical, null, $"setting-{i}", "differs"))];
        string json = Write(Smallest with { Findings = many });
        Assert.EndsWith("}],\"moreFindings\":10}", json, StringComparison.Ordinal);
    }

    private static string Write(Notification told, DroppedCounts? dropped = null) =>
        Encoding.UTF8.GetString(NotificationJson.Write(told, dropped ?? DroppedCounts.Nothing));
}
