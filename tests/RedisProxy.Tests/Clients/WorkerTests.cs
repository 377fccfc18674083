using RedisProxy.Testing;

using Xunit.Abstractions;

namespace RedisProxy.Tests.Clients;

/// <summary>
/// Workers that wait for jobs in a pop, as their libraries are, live through whatever happens to the master: a planned failover they do not
/// see at all, with jobs running; a master that is frozen or killed costs them their connection, and no job that it had replicated.
/// </summary>
public sealed class WorkerTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    public static TheoryData<string> Names => [.. WorkerProgram.All.Select(worker => worker.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Worker_AcrossPlannedFailoverFreezeAndKill_LivesAndDoesEachJobOnce(string name)
    {
        WorkerProgram library = WorkerProgram.All.Single(worker => worker.Name == name);
        using var workshop = new ClientWorkshop();
        await using SentinelDeployment deployment = await SentinelDeployment.StartAsync();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(deployment) with
        {
            Listeners = [new ProxyListener { Master = deployment.MasterName, Settings = library.Settings }],
        });
        await using WorkerRun run = await WorkerRun.StartAsync(library, workshop, proxy.Port);
        await GiveAndDoAsync(run, 0, 5);

        RedisServer master = deployment.Servers[0];
        Task giving = run.GiveAsync(100, 160);
        await Eventually.Within(Patience, () => run.Done.Any(job => job >= 105), "jobs are running");
        await deployment.FailoverAsync();
        master = await deployment.WaitForMasterAsync(master, Patience);
        await giving;
        await run.AreDoneOnceAsync(100, 160);
        Assert.Equal(0, (await proxy.ScrapeAsync()).Sum("redisproxy_sessions_ended_total", ("reason", "unknown_outcome")));
        await deployment.WaitUntilHealthyAsync(Patience);
        await GiveAndDoAsync(run, 200, 205);

        RedisServer frozen = master;
        frozen.Freeze();
        master = await deployment.WaitForMasterAsync(frozen, Patience);
        frozen.Thaw();
        await GiveAndDoAsync(run, 300, 305);
        await deployment.WaitUntilHealthyAsync(Patience);

        await master.KillAsync();
        await deployment.WaitForMasterAsync(master, Patience);
        await GiveAndDoAsync(run, 400, 405);
        MetricsSnapshot metrics = await proxy.ScrapeAsync();
        Assert.True(metrics.Sum("redisproxy_sessions_ended_total", ("reason", "unknown_outcome")) > 0, "pops were lost");
        output.WriteLine(run.Worker.LogTail);
    }

    private static async Task GiveAndDoAsync(WorkerRun run, int from, int to)
    {
        await run.GiveAsync(from, to);
        await run.AreDoneOnceAsync(from, to);
    }
}
