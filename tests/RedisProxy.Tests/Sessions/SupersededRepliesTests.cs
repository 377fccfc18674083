using RedisProxy.Sessions;
using RedisProxy.Testing;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Sessions;

/// <summary>What a master has said while it was doubted, and what it is worth when it turns out to be superseded.</summary>
public sealed class SupersededRepliesTests
{
    private const string Value = "$1\r\nv\r\n";

    private static readonly string Incr = Requests.Of("INCR", "n");
    private static readonly string Eval = Requests.Of("EVAL", "return redis.call('SET','k','v')", "0");

    [Fact]
    public async Task RefusedWrite_WhenSuperseded_GoesToTheNextMaster()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, _) = await SupersedeAsync(lab, Requests.Set, Requests.ReadOnly);
        using RawClient second = await lab.AcceptAsync(lab.Second);
        await (client, second).ServeAsync(Requests.Set, "+OK\r\n");
        Assert.Equal(0, lab.Counters.ProxyReplies[(int)Outcome.Unknown]);
    }

    [Fact]
    public async Task PipelineOfReadAndRefusedWrites_WhenSuperseded_GoesWholeAndInOrderToTheNextMaster()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        string pipeline = Requests.Get + Requests.Set + Incr;
        (RawClient client, _) = await SupersedeAsync(lab, pipeline, Value + Requests.ReadOnly + Requests.ReadOnly);
        using RawClient second = await lab.AcceptAsync(lab.Second);
        await (client, second).ServeAsync(pipeline, Value + "+OK\r\n:1\r\n");
    }

    [Fact]
    public async Task RefusalOfWhichAPartCameBeforeTheDoubt_IsHeardWhole()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectInFlightAsync(Requests.Set);
        await first.SendAsync(Requests.ReadOnly[..9]);

        // The part has been received when a later request's turn has come and gone.
        await client.SendAsync(Incr);
        await first.ExpectAsync(Incr);
        await lab.ShowAsync(Availability.PlannedHold, 1, lab.First, isPromoting: true);
        await first.SendAsync(Requests.ReadOnly[9..] + Requests.ReadOnly);
        await lab.ServeSecondAsync();
        using RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(Requests.Set + Incr);
    }

    [Fact]
    public async Task RefusedWriteBeforeAnAcknowledgedOne_WhenSuperseded_IsNotMovedPastIt()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, _) = await SupersedeAsync(lab, Requests.Set + Incr, Requests.ReadOnly + ":1\r\n");
        await client.ExpectAsync(Requests.ReadOnly + Requests.Unknown);
    }

    [Fact]
    public async Task WriteAfterARefusedOne_ThatHasNoAnswer_IsUnknown()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, _) = await SupersedeAsync(lab, Requests.Set + Incr, Requests.ReadOnly + ":");
        using RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(Requests.Set);
        await second.SendAsync("+OK\r\n");
        await client.ExpectAsync("+OK\r\n" + Requests.Unknown);
    }

    [Theory]
    [InlineData("-READONLY You can't write against a read onl")]
    [InlineData("-ERR Background save already in progress\r\n")]
    [InlineData("+OK\r\n")]
    public async Task WriteWithoutAWholeRefusal_WhenSuperseded_IsUnknown(string said)
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, _) = await SupersedeAsync(lab, Requests.Set, said);
        await client.ExpectAsync(Requests.Unknown);
    }

    [Fact]
    public async Task RefusalFromWithinAScript_WhenSuperseded_IsUnknown()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, _) = await SupersedeAsync(lab, Eval, Requests.ReadOnly);
        await client.ExpectAsync(Requests.Unknown);
    }

    [Fact]
    public async Task TransactionWhoseExecWasRefusedWhole_WhenSuperseded_RunsOnTheNextMaster()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        string transaction = Requests.Multi + Requests.Set + Requests.Exec;
        const string Refused = "-EXECABORT Transaction discarded because of: READONLY You can't write against a read only replica.\r\n";
        (RawClient client, _) = await SupersedeAsync(lab, transaction, "+OK\r\n+QUEUED\r\n" + Refused);
        using RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(transaction);
        const string Done = "+OK\r\n+QUEUED\r\n*1\r\n+OK\r\n";
        await second.SendAsync(Done);
        await client.ExpectAsync(Done);
    }

    // As Sentinel does with the old master's clients: Valkey's at the moment of the promotion, while their READONLY is still unread.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task RefusedWrites_WhoseDoubtedLinkIsClosed_GoToTheNextMaster(bool isReset)
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectInFlightAsync(Requests.Set + Incr);
        await lab.ShowAsync(Availability.PlannedHold, 1, lab.First, isPromoting: true);
        await first.SendAsync(Requests.ReadOnly + Requests.ReadOnly);
        if (isReset)
        {
            first.Reset();
        }
        else
        {
            first.HalfClose();
        }

        await SessionLab.EventuallyAsync(() => lab.Suspicions == 1, "the loss is reported");
        await lab.ServeSecondAsync();
        using RawClient second = await lab.AcceptAsync(lab.Second);
        await (client, second).ServeAsync(Requests.Set + Incr, "+OK\r\n:1\r\n");
    }

    [Fact]
    public async Task RestOfARefusedPipeline_SaidByADoubtedLinkThatCloses_IsHeardToo()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectInFlightAsync(Requests.Set + Incr);
        await first.SendAsync(Requests.ReadOnly);
        await client.SendAsync(Requests.Get);
        await Eventually.Within(
            TimeSpan.FromSeconds(10), async () => await lab.CountWaitingAsync() == 1, "the refusal is heard: what comes now waits");
        await lab.ShowAsync(Availability.PlannedHold, 1, lab.First, isPromoting: true);
        await first.SendAsync(Requests.ReadOnly);
        first.HalfClose();
        await SessionLab.EventuallyAsync(() => lab.Suspicions == 1, "the loss is reported");
        await lab.ServeSecondAsync();
        using RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(Requests.Set + Incr + Requests.Get);
    }

    /// <summary>The first backend gets the requests, is doubted, says this, and then it is known that the second is the master.</summary>
    private static async Task<(RawClient Client, RawClient First)> SupersedeAsync(SessionLab lab, string requests, string said)
    {
        (RawClient client, RawClient first) = await lab.ConnectInFlightAsync(requests);
        await lab.ShowAsync(Availability.PlannedHold, 1, lab.First, isPromoting: true);
        await first.SendAsync(said);
        await lab.ServeSecondAsync();
        return (client, first);
    }
}
