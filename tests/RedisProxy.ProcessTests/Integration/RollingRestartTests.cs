using RedisProxy.ProcessTests.CommandLine;
using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Integration;

/// <summary>
/// Pods that are restarted one after the other, each with a server and a Sentinel, in the order of a StatefulSet, under load. Before its
/// end each pod runs what its preStop hook would run; after its start it asks a Sentinel for the master, as the scripts of charts do.
/// </summary>
public sealed class RollingRestartTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const string Token = "t0ken-canary";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    private readonly TemporaryFolder _folder = new();
    private readonly List<ProxyProcess> _proxies = [];
    private SentinelDeployment _deployment = null!;

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(_folder.File("token"), Token);
        _deployment = await SentinelDeployment.StartAsync(new SentinelDeploymentOptions { DownAfter = TimeSpan.FromSeconds(5) });
        for (int i = 0; i < 2; i++)
        {
            _proxies.Add(await ProxyProcess.StartAsync(ProxyProcessOptions.For(_deployment).With("admin.token", Token)));
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (ProxyProcess proxy in _proxies)
        {
            await proxy.DisposeAsync();
        }

        await _deployment.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task EveryPod_OnceWithTheHook_LosesNothingAndDisconnectsNobody()
    {
        LossReport report = await RestartAllAsync(times: 1, hasHook: true);
        AssertUnnoticed(report, TimeSpan.FromSeconds(2.5));
        await RunHookSeveralTimesAtOnceAsync();
    }

    [Fact]
    [Trait("Tier", "Long")]
    public async Task EveryPod_TenTimesWithTheHook_LosesNothingAndNoPauseIsLong()
    {
        LossReport report = await RestartAllAsync(times: 10, hasHook: true);

        // Of the proxies that are not asked, which wait for a Sentinel's report: 1.1 s, and more on a busy machine.
        AssertUnnoticed(report, TimeSpan.FromSeconds(1.5));
    }

    /// <summary>For the table in docs/kubernetes.md: what the hook is for.</summary>
    [Fact]
    [Trait("Tier", "Long")]
    public async Task EveryPod_WithoutTheHook_SomeOutcomesAreUnknownAndThePauseIsThatOfAFailure()
    {
        LossReport report = await RestartAllAsync(times: 3, hasHook: false);
        Assert.True(report.LongestPause.Length > TimeSpan.FromSeconds(2), report.ToString());
        Assert.Equal(0, report.ConnectionsBroken);
    }

    /// <summary>
    /// The hook of the master's pod, several times at once: the master is moved once, and nobody is told of a mistake. (Hooks of several
    /// pods may well move it more than once: the next master's pod may be stopping as well.)
    /// </summary>
    private async Task RunHookSeveralTimesAtOnceAsync()
    {
        RedisServer old = (await _deployment.AgreedMasterAsync())!;
        double before = await PlannedFailoversAsync();
        (int Code, string Output, string Error)[] answers =
            await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => RunHookAsync(old, _proxies[0])));
        Array.ForEach(answers, answer => output.WriteLine($"{answer.Code}: {answer.Output}{answer.Error}"));
        Assert.All(answers, answer => Assert.Equal(0, answer.Code));
        string moved = Assert.Single(
            answers, answer => answer.Output.StartsWith("'mymaster' has a new master", StringComparison.Ordinal)).Output;
        Assert.Contains("the replicas are in sync", moved, StringComparison.Ordinal);
        RedisServer master = await _deployment.WaitForMasterAsync(old, Patience);
        Assert.Equal(before + 1, await PlannedFailoversAsync());
        (int code, string said, _) = await RunHookAsync(old, _proxies[0]);
        Assert.Equal(0, code);
        Assert.Contains(
            $"nothing to do: {old.Endpoint} is not the master of 'mymaster', which is {master.Endpoint}", said, StringComparison.Ordinal);
        (code, _, string error) = await RunHookAsync("no host", _proxies[0]);
        Assert.Equal(1, code);
        Assert.Contains("ifMaster must be a host, or host:port", error, StringComparison.Ordinal);
    }

    private async Task<double> PlannedFailoversAsync()
    {
        MetricsSnapshot metrics = await _proxies[0].ScrapeAsync();
        return ((string[])["planned", "on_demand"]).Sum(kind => metrics.Sum("redisproxy_failovers_total", ("kind", kind)));
    }

    private static void AssertUnnoticed(LossReport report, TimeSpan longestPause)
    {
        Assert.True(report.IsHonest, report.ToString());
        Assert.Equal(0, report.NotExecuted + report.Unknown + report.Broken + report.OtherErrors + report.ConnectionsBroken);
        Assert.InRange(report.LongestPauseOfOne.Length, TimeSpan.Zero, longestPause);
    }

    private async Task<LossReport> RestartAllAsync(int times, bool hasHook)
    {
        await using CountingWriter load = CountingWriter.Start(_proxies[0].Port, new CountingWriterOptions { Writers = 8 });
        int moves = 0;
        for (int time = 0; time < times; time++)
        {
            for (int pod = _deployment.Servers.Count - 1; pod >= 0; pod--)
            {
                await load.WaitForAcknowledgedAsync(200, Patience);
                moves += await RestartPodAsync(pod, hasHook) ? 1 : 0;
            }
        }

        await _deployment.WaitUntilHealthyAsync(Patience);
        await load.WaitForAcknowledgedAsync(200, Patience);
        LossReport report = await load.CompareAsync((await _deployment.AgreedMasterAsync())!);
        output.WriteLine($"{times * _deployment.Servers.Count} pods, {moves} of them the master; {report}");
        return report;
    }

    /// <returns>It was the master.</returns>
    private async Task<bool> RestartPodAsync(int pod, bool hasHook)
    {
        RedisServer server = _deployment.Servers[pod];
        bool wasMaster = await server.RoleAsync() == "master";
        if (hasHook)
        {
            (int code, string said, string error) = await RunHookAsync(server, _proxies[pod % 2]);
            output.WriteLine($"pod {pod}: {said}{error}");
            Assert.Equal(0, code);
        }

        SentinelServer sentinel = _deployment.Sentinels[pod];
        sentinel.Process.Terminate();
        await Task.WhenAll(server.TerminateAsync(), sentinel.Process.WaitForExitAsync(Patience));
        RedisServer master = wasMaster ? await _deployment.WaitForMasterAsync(server, Patience) : await AnyMasterAsync();
        server.ReplicateFrom(master);
        await Task.WhenAll(server.RestartAsync(keepData: false), sentinel.RestartAsync());
        return wasMaster;
    }

    private async Task<RedisServer> AnyMasterAsync() => await Eventually.Within(
        Patience, async () => await _deployment.AgreedMasterAsync(), found => found is not null, "the Sentinels name a master") ?? null!;

    private Task<(int ExitCode, string Output, string Error)> RunHookAsync(RedisServer server, ProxyProcess proxy) =>
        RunHookAsync(server.Endpoint, proxy);

    private Task<(int ExitCode, string Output, string Error)> RunHookAsync(string server, ProxyProcess proxy) => ProcessRun.OfAsync(
        _folder.Path,
        ["failover", "--if-master", server, "--wait", "--token-file", "token", "--admin", $"127.0.0.1:{proxy.AdminPort}"]);
}
