using System.Net.Http.Headers;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Clients;

internal enum WorkerFault
{
    /// <summary><c>SENTINEL FAILOVER</c>.</summary>
    Planned,

    /// <summary><c>RedisProxy failover</c>.</summary>
    Ordered,

    /// <summary>SIGSTOP; it comes back when it was replaced.</summary>
    Freeze,

    /// <summary>SIGKILL; it is started again, empty, when all is over.</summary>
    Kill,
}

/// <summary>What became of the jobs of one fault, and of the workers.</summary>
/// <param name="Lost">Given, and not done.</param>
/// <param name="Twice">Begun more than once.</param>
/// <param name="Unknown">Those of which whoever gave them was told an error.</param>
/// <param name="Ended">Workers. They were replaced.</param>
/// <param name="Complaints">In the workers' logs.</param>
internal sealed record WorkerOutcome(
    IReadOnlyList<int> Lost, IReadOnlyList<int> Twice, IReadOnlyList<int> Unknown, int Ended, IReadOnlyList<string> Complaints);

/// <summary>One deployment, one proxy and the workers of one library, for one fault after the other.</summary>
internal sealed class WorkerStage : IAsyncDisposable
{
    private const string Token = "t0ken-canary";
    private const int JobsOfAFault = 40;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly ITestOutputHelper _output;
    private readonly ClientWorkshop _workshop;
    private readonly SentinelDeployment _deployment;
    private readonly ProxyProcess _proxy;
    private readonly WorkerRun _run;
    private RedisServer _master;
    private int _jobs;

    private WorkerStage(
        WorkerProgram library,
        ITestOutputHelper output,
        ClientWorkshop workshop,
        SentinelDeployment deployment,
        ProxyProcess proxy,
        WorkerRun run)
    {
        Library = library;
        _output = output;
        _workshop = workshop;
        _deployment = deployment;
        _proxy = proxy;
        _run = run;
        _master = deployment.Servers[0];
    }

    public WorkerProgram Library { get; }

    public string Tails => _run.Tails;

    public static async Task<WorkerStage> StartAsync(string name, ITestOutputHelper output)
    {
        WorkerProgram library = WorkerProgram.All.Single(worker => worker.Name == name);
        var workshop = new ClientWorkshop();
        SentinelDeployment deployment = await SentinelDeployment.StartAsync();
        ProxyProcessOptions options = ProxyProcessOptions.For(deployment) with
        {
            Listeners = [new ProxyListener { Master = deployment.MasterName, Settings = library.Settings }],
        };
        ProxyProcess proxy = await ProxyProcess.StartAsync(options
            .With("admin.token", Token).With("replay.onUnknownOutcome", library.OnUnknownOutcome));
        var stage = new WorkerStage(
            library, output, workshop, deployment, proxy, await WorkerRun.StartAsync(library, workshop, proxy.Port));
        Assert.Empty(await stage._run.LostAsync(await stage._run.GiveAsync(1, 5), Patience));
        return stage;
    }

    /// <param name="fault">What happens to the master, while one job is in the middle of its work.</param>
    /// <param name="isBusy">Jobs are also handed out before it, and not only during it and afterwards.</param>
    public async Task<WorkerOutcome> PlayAsync(WorkerFault fault, bool isBusy)
    {
        foreach (RedisServer killed in _deployment.Servers.Where(server => !server.IsRunning))
        {
            await killed.RestartAsync(keepData: false);
        }

        await _deployment.WaitUntilHealthyAsync(Patience);
        _jobs += WorkerRun.Hundred;
        int occupying = _jobs;
        IReadOnlyList<int> logged = _run.Logged;
        IReadOnlyList<int> twice = _run.Twice;
        await _run.OccupyAsync(occupying);
        Task<GivenJobs> giving = isBusy ? GiveAsync() : Task.FromResult(new GivenJobs([], []));
        if (isBusy)
        {
            await Eventually.Within(Patience, () => _run.Begun.Any(job => job >= occupying + 5), "jobs are running");
        }

        RedisServer old = _master;
        await StrikeAsync(fault, old);
        giving = isBusy ? giving : GiveAsync();
        _master = await _deployment.WaitForMasterAsync(old, Patience);
        if (fault == WorkerFault.Freeze)
        {
            old.Thaw();
        }

        Assert.DoesNotContain(occupying, _run.Done);
        _run.Release(occupying);
        GivenJobs given = await giving;
        given.Acknowledged.Add(occupying);
        int ended = await _run.ReplaceEndedAsync();
        IReadOnlyList<int> lost = await _run.LostAsync(given, TimeSpan.FromSeconds(fault < WorkerFault.Freeze ? 60 : 20));
        ended += await _run.ReplaceEndedAsync();
        var outcome = new WorkerOutcome(
            lost, [.. _run.Twice.Except(twice)], given.Unknown, ended, _run.ComplaintsSince(logged));
        _output.WriteLine($"{fault}, {(isBusy ? "busy" : "waiting")}: {outcome.Lost.Count} lost, {outcome.Twice.Count} twice, "
            + $"{outcome.Unknown.Count} unknown to whoever gave them, {outcome.Ended} workers ended, "
            + $"{outcome.Complaints.Count} complaints");
        return outcome;

        Task<GivenJobs> GiveAsync() => _run.GiveAsync(occupying + 1, occupying + 1 + JobsOfAFault);
    }

    public async ValueTask DisposeAsync()
    {
        await _run.DisposeAsync();
        await _proxy.DisposeAsync();
        await _deployment.DisposeAsync();
        _workshop.Dispose();
    }

    private async Task StrikeAsync(WorkerFault fault, RedisServer master)
    {
        switch (fault)
        {
            case WorkerFault.Planned:
                await _deployment.FailoverAsync();
                break;
            case WorkerFault.Ordered:
                using (var request = new HttpRequestMessage(HttpMethod.Post, new Uri("failover", UriKind.Relative)))
                {
                    request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Token);
                    using HttpResponseMessage response = await _proxy.Http.SendAsync(request);
                    Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
                }

                break;
            case WorkerFault.Freeze:
                master.Freeze();
                break;
            default:
                await master.KillAsync();
                break;
        }
    }
}
