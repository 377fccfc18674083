using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

using RedisProxy.Configuration;
using RedisProxy.Notify;

namespace RedisProxy.Tests.Notify;

public sealed class ReceiverTests
{
    [Fact]
    public async Task Failures_AreTriedAgainWithGrowingPausesAndThenGivenUp()
    {
        using var bench = new NotifyBench();
        bench.Sender.MaxAttempts = 7;
        bench.Sender.Answer = _ => new Attempt(AttemptEnd.Failed, "answered 500");
        bench.Receiver.Offer(bench.Message());
        await bench.PassTimeUntilAsync(() => bench.Outcomes.Failed == 1, "it is given up");

        Assert.Equal(7, bench.Sender.Bodies.Count);
        Assert.Single(bench.Sender.Bodies.Select(body => body.GetProperty("id").GetString()).Distinct());
        double[] pauses = [.. bench.Log.Lines.Where(line => line.Id == 4422).Select(line => PauseOf(line.Text))];
        Assert.Equal(6, pauses.Length);
        double[] nominal = [1, 2, 4, 8, 16, 30];
        Assert.All(nominal.Zip(pauses), pair => Assert.InRange(pair.Second, pair.First * 0.8, pair.First * 1.2));
        Assert.Equal(1, bench.Log.CountOf(4421));
        Assert.Equal((0, 1, 0), bench.Outcomes);
    }

    [Fact]
    public async Task Refusal_IsNotTriedAgain()
    {
        using var bench = new NotifyBench();
        bench.Sender.Answer = _ => new Attempt(AttemptEnd.Refused, "answered 404");
        bench.Receiver.Offer(bench.Message());
        await NotifyBench.EventuallyAsync(() => bench.Outcomes.Failed == 1, "it is given up at once");
        Assert.Single(bench.Sender.Bodies);
    }

    [Fact]
    public async Task RetryAfter_IsHeededWithinTheLongestPause()
    {
        using var bench = new NotifyBench();
        bench.Sender.Answer = attempt => attempt switch
        {
            1 => new Attempt(AttemptEnd.Failed, "answered 429") { RetryAfter = TimeSpan.FromSeconds(20) },
            2 => new Attempt(AttemptEnd.Failed, "answered 429") { RetryAfter = TimeSpan.FromHours(1) },
            _ => new Attempt(AttemptEnd.Done, "answered 200"),
        };
        bench.Receiver.Offer(bench.Message());
        await bench.PassTimeUntilAsync(() => bench.Outcomes.Sent == 1, "the third attempt is good");
        Assert.Equal([20, 30], bench.Log.Lines.Where(line => line.Id == 4422).Select(line => PauseOf(line.Text)));
    }

    [Fact]
    public async Task RateLimit_LeavesOutCountsAndSaysItInTheNextMessage()
    {
        using var bench = new NotifyBench(NotifyBench.Options with
        {
            RateLimit = new NotifyRateLimitOptions { Burst = 2, Interval = TimeSpan.FromSeconds(30) },
        });
        bench.Receiver.Offer(bench.Message(NotifyEvent.MasterDown));
        bench.Receiver.Offer(bench.Message(NotifyEvent.MasterUp));
        await NotifyBench.EventuallyAsync(() => bench.Outcomes.Sent == 2, "two are sent");
        foreach (NotifyEvent one in new[] { NotifyEvent.MasterDown, NotifyEvent.MasterUp, NotifyEvent.MasterUp })
        {
            bench.Receiver.Offer(bench.Message(one));
        }

        Assert.Equal((2, 0, 3), bench.Outcomes);
        bench.Clock.Advance(TimeSpan.FromSeconds(31));
        bench.Receiver.Offer(bench.Message());
        bench.Receiver.Offer(bench.Message());
        await NotifyBench.EventuallyAsync(() => bench.Outcomes.Sent == 3, "one more is sent");
        Assert.Equal((3, 0, 4), bench.Outcomes);
        Assert.False(bench.Sender.Bodies[1].TryGetProperty("leftOut", out _));
        JsonElement dropped = bench.Sender.Bodies[2].GetProperty("leftOut");

        // Whether the last one was refused before the third was written is a matter of threads.
        Assert.Equal((1, 2), (dropped.GetProperty("master_down").GetInt32(), dropped.GetProperty("master_up").GetInt32()));
    }

    [Fact]
    public async Task FailedMessages_AreSaidInTheNextOneThatArrives()
    {
        using var bench = new NotifyBench();
        bench.Sender.Answer = _ => new Attempt(AttemptEnd.Refused, "answered 410");
        bench.Receiver.Offer(bench.Message(NotifyEvent.MasterDown));
        bench.Receiver.Offer(bench.Message(NotifyEvent.MasterUp));
        await NotifyBench.EventuallyAsync(() => bench.Outcomes.Failed == 2, "both are refused");
        bench.Sender.Answer = _ => new Attempt(AttemptEnd.Done, "answered 204");
        bench.Receiver.Offer(bench.Message());
        await NotifyBench.EventuallyAsync(() => bench.Outcomes.Sent == 1, "the third arrives");
        Assert.Equal("""{"master_down":1,"master_up":1}""", bench.Sender.Bodies[^1].GetProperty("leftOut").GetRawText());
        Assert.Contains(bench.Log.Lines, line => line.Id == 4420 && line.Text.Contains("answered 204", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Queue_Full_DropsWhatIsNewAndNeverWaits()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var bench = new NotifyBench(NotifyBench.Options with { RateLimit = new NotifyRateLimitOptions { Burst = 1000 } });
        bench.Sender.Gate = gate.Task;
        bench.Receiver.Offer(bench.Message());
        await NotifyBench.EventuallyAsync(() => bench.Sender.Bodies.Count == 1, "the first one hangs");
        for (int i = 0; i < Receiver.MaxQueue + 5; i++)
        {
            bench.Receiver.Offer(bench.Message());
        }

        Assert.Equal((Receiver.MaxQueue, (0, 0, 5)), (bench.Receiver.Waiting, bench.Outcomes));
        gate.SetResult();
        await NotifyBench.EventuallyAsync(() => bench.Outcomes.Sent == Receiver.MaxQueue + 1, "the rest is sent");
        Assert.Equal(5, bench.Sender.Bodies[1].GetProperty("leftOut").GetProperty("failover_finished").GetInt32());
    }

    [Fact]
    public async Task Filters_AreOnEventsAndMasters()
    {
        using var bench = new NotifyBench(NotifyBench.Options with
        {
            Events = [NotifyEvent.FailoverFinished, NotifyEvent.SentinelsLost],
            Masters = ["m"],
        });
        bench.Receiver.Offer(bench.Message(NotifyEvent.MasterDown));
        bench.Receiver.Offer(bench.Message(master: "other"));
        bench.Receiver.Offer(bench.Message(NotifyEvent.SentinelsLost, master: null));
        bench.Receiver.Offer(bench.Message());
        await NotifyBench.EventuallyAsync(() => bench.Outcomes.Sent == 2, "two are wanted");
        Assert.Equal(
            ["sentinels_lost", "failover_finished"], bench.Sender.Bodies.Select(body => body.GetProperty("event").GetString()));
    }

    [Fact]
    public async Task OtherOptions_GoForWhatWaitsAlready()
    {
        using var bench = new NotifyBench();
        bench.Sender.Answer = _ => new Attempt(AttemptEnd.Failed, "answered 503");
        bench.Receiver.Offer(bench.Message());
        await NotifyBench.EventuallyAsync(() => bench.Log.CountOf(4422) == 1, "the first attempt has failed");
        bench.Sender.Answer = _ => new Attempt(AttemptEnd.Done, "answered 200");
        bench.Receiver.Use(NotifyBench.Options with { StartedAfter = TimeSpan.FromSeconds(1) });
        await bench.PassTimeUntilAsync(() => bench.Outcomes.Sent == 1, "it is sent the new way");
    }

    [Fact]
    public async Task Stop_GivesUpWhatIsUnderWay()
    {
        using var bench = new NotifyBench();
        bench.Sender.Gate = new TaskCompletionSource().Task;
        bench.Receiver.Offer(bench.Message());
        await NotifyBench.EventuallyAsync(() => bench.Sender.Bodies.Count == 1, "it hangs");
        bench.Receiver.Stop();
        await bench.Receiver.Delivering.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System);
        Assert.Equal((0, 1, 0), bench.Outcomes);
    }

    [Fact]
    public void Bucket_FillsByWholeTokensAndForgetsNoTime()
    {
        var clock = new OddClock();
        var bucket = new TokenBucket(new NotifyRateLimitOptions { Burst = 3, Interval = TimeSpan.FromSeconds(10) }, clock);
        Assert.Equal([true, true, true, false], Take(bucket, 4));
        clock.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal([false], Take(bucket, 1));
        clock.Advance(TimeSpan.FromSeconds(16));
        Assert.Equal([true, true, false], Take(bucket, 3));

        // 25 s have passed, 20 of them are spent.
        clock.Advance(TimeSpan.FromSeconds(5.1));
        Assert.Equal([true, false], Take(bucket, 2));
        clock.Advance(TimeSpan.FromDays(1));
        Assert.Equal([true, true, true, false], Take(bucket, 4));
    }

    private static bool[] Take(TokenBucket bucket, int times) => [.. Enumerable.Range(0, times).Select(_ => bucket.TryTake())];

    private static double PauseOf(string line) =>
        TimeSpan.Parse(Regex.Match(line, @"retried in (\S+):").Groups[1].Value, CultureInfo.InvariantCulture).TotalSeconds;

    /// <summary>Its timestamps count at a frequency that divides nothing, so whoever takes timestamps for ticks fails.</summary>
    private sealed class OddClock : FakeTimeProvider
    {
        public override long TimestampFrequency => 3_579_545;

        public override long GetTimestamp() => (long)((Int128)base.GetTimestamp() * TimestampFrequency / TimeSpan.TicksPerSecond);
    }
}
