namespace RedisProxy.ProcessTests.Clients;

/// <summary>
/// What takes jobs from a queue lives through whatever happens to the master, with a job in the middle of its work that outlasts it, others
/// that are given meanwhile, and workers that wait for them. What is done is written down outside redis, so nothing is done twice or lost
/// unseen.
/// </summary>
public sealed class WorkerTests(ITestOutputHelper output)
{
    public static TheoryData<string> Names => [.. WorkerProgram.All.Select(worker => worker.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public Task Jobs_AcrossAPlannedFailoverAndAKill_AreDoneOnceByTheSameWorkers(string name) =>
        WorkThroughAsync(name, WorkerFault.Planned, WorkerFault.Kill);

    [Theory]
    [Trait("Tier", "Long")]
    [MemberData(nameof(Names))]
    public Task Jobs_AcrossAFailoverByTheVerbAndAFrozenMaster_AreDoneOnceByTheSameWorkers(string name) =>
        WorkThroughAsync(name, WorkerFault.Ordered, WorkerFault.Freeze);

    /// <summary>
    /// The worst moment: while jobs are handed out and ended. A job that was popped in it, or whose acknowledgement redis had not
    /// replicated, is gone or done again, one for each that is at work at most; and a worker ends only where its library has no other way.
    /// </summary>
    [Theory]
    [Trait("Tier", "Long")]
    [MemberData(nameof(Names))]
    public async Task Jobs_HandedOutWhenTheMasterDies_AreDoneOnceButForThoseOfThatMoment(string name)
    {
        await using WorkerStage stage = await WorkerStage.StartAsync(name, output);
        for (int i = 0; i < 10; i++)
        {
            WorkerOutcome outcome = await stage.PlayAsync(i % 2 == 0 ? WorkerFault.Kill : WorkerFault.Freeze, isBusy: true);
            Assert.True(outcome.Ended == 0 || stage.Library.MayEnd, stage.Tails);
            Assert.InRange(outcome.Lost.Count, 0, WorkerRun.Slots);
            Assert.InRange(outcome.Twice.Count, 0, WorkerRun.Slots);
        }
    }

    /// <summary>
    /// A closed subscription makes Celery drop its other connections. What a pop takes for one of those would be lost, so pops go to the
    /// new master after a moment.
    /// </summary>
    [Fact]
    [Trait("Tier", "Long")]
    public async Task Celery_ThatDropsItsConnectionsAtEachFailover_LosesNoJob()
    {
        await using WorkerStage stage = await WorkerStage.StartAsync("Celery, subscription closed", output);
        for (int i = 0; i < 20; i++)
        {
            WorkerOutcome outcome = await stage.PlayAsync(i % 2 == 0 ? WorkerFault.Planned : WorkerFault.Ordered, isBusy: true);
            Assert.Empty(outcome.Lost);
            Assert.Empty(outcome.Twice);
            Assert.Empty(outcome.Unknown);
            Assert.Equal(0, outcome.Ended);
        }
    }

    /// <summary>
    /// Over a planned one workers are between two jobs as well. When a master dies, they work or wait: what they write in that very moment
    /// is the test of the worst moment's.
    /// </summary>
    private async Task WorkThroughAsync(string name, WorkerFault planned, WorkerFault death)
    {
        await using WorkerStage stage = await WorkerStage.StartAsync(name, output);
        WorkerOutcome outcome = await stage.PlayAsync(planned, isBusy: true);
        Assert.Empty(outcome.Lost);
        Assert.Empty(outcome.Twice);
        Assert.Empty(outcome.Unknown);
        Assert.Equal(0, outcome.Ended);
        Assert.True(outcome.Complaints.Count == 0 || !stage.Library.IsSilent, string.Join('\n', outcome.Complaints));

        outcome = await stage.PlayAsync(death, isBusy: false);
        Assert.Empty(outcome.Lost);
        Assert.Empty(outcome.Twice);
        Assert.Equal(0, outcome.Ended);
    }
}
