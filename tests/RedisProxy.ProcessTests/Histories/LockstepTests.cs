using System.Globalization;
using RedisProxy.ProcessTests.Harness;
using RedisProxy.Testing;
namespace RedisProxy.ProcessTests.Histories;

/// <summary>
/// Many clients with transactions in lockstep, whose master freezes for a random time and is then killed, on a busy machine. After
/// each failover every one of them has to go on.
/// </summary>
[Collection(HeavyLoad.Tests)]
public sealed class LockstepTests(ITestOutputHelper output)
{
    private const string SeedVariable = "REDISPROXY_TEST_SEED";
    private const string CountVariable = "REDISPROXY_TEST_SESSION_FAILOVERS";
    private const int MinFreezeMs = 100;
    private const int MaxFreezeMs = 4000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan GoOnWithin = TimeSpan.FromSeconds(40);

    [Fact]
    public Task TransactionsInLockstep_MasterFrozenThenKilled_AllGoOn() =>
        RunAsync(Number(SeedVariable) ?? Random.Shared.Next(), sessions: 40, sessionFailovers: 80, busyThreads: 1);

    [Fact]
    [Trait("Tier", "Long")]
    public Task TransactionsInLockstep_TwentyThousandSessionFailovers_AllGoOn() =>
        RunAsync(Number(SeedVariable) ?? Random.Shared.Next(), sessions: 250, Number(CountVariable) ?? 20_000, Environment.ProcessorCount);

    private async Task RunAsync(int seed, int sessions, int sessionFailovers, int busyThreads)
    {
        Say($"{SeedVariable}={seed}: {sessions} sessions, {sessionFailovers} session-failovers");
        var random = new Random(seed);
        await using SentinelDeployment deployment = await SentinelDeployment.StartAsync();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(deployment));
        LockstepClient[] clients = await Task.WhenAll(
            Enumerable.Range(0, sessions).Select(number => LockstepClient.StartAsync(proxy.Port, number, seed + number)));
        using var busy = new BusyMachine(busyThreads);
        for (int passed = 0; passed < sessionFailovers;)
        {
            TimeSpan freeze = TimeSpan.FromMilliseconds(random.Next(MinFreezeMs, MaxFreezeMs));
            await FailOverAsync(deployment, freeze);
            await AllGoOnAsync(clients, proxy, $"{SeedVariable}={seed}, after {passed}, frozen for {freeze.TotalSeconds} s");
            passed += sessions;
            Say($"{passed} of {sessionFailovers} session-failovers, {clients.Sum(client => client.Ended)} transactions");
        }

        Array.ForEach(clients, client => client.Stop());
        await Task.WhenAll(clients.Select(client => client.Completion)).WaitAsync(Patience, TimeProvider.System);
        Assert.All(clients, client => Assert.Equal("", client.Wrong));
        Array.ForEach(clients, client => client.Dispose());
    }

    private static async Task FailOverAsync(SentinelDeployment deployment, TimeSpan freeze)
    {
        RedisServer master = await deployment.WaitForMasterAsync(null, Patience);
        master.Freeze();
        await Task.Delay(freeze, TimeProvider.System);
        await master.KillAsync();
        await deployment.WaitForMasterAsync(master, Patience);
        await master.RestartAsync(keepData: false);
        await deployment.WaitUntilHealthyAsync(Patience);
    }

    /// <remarks>Two more: the one under way may have had its last request answered already.</remarks>
    private static async Task AllGoOnAsync(LockstepClient[] clients, ProxyProcess proxy, string round)
    {
        long[] before = [.. clients.Select(client => client.Ended)];
        LockstepClient[] Late() => [.. clients.Where((client, i) => client.Ended < before[i] + 2)];
        try
        {
            await Eventually.Within(GoOnWithin, () => Late().Length == 0, "every client goes on");
        }
        catch (TimeoutException)
        {
            IEnumerable<string> late = Late().Select(client => $"{client.LocalEndpoint} waits for {client.WaitsFor} {client.Wrong}");
            string sessions = await proxy.Http.GetStringAsync(new Uri("sessions?limit=1000", UriKind.Relative));
            Assert.Fail($"{round}: not going on:\n{string.Join('\n', late)}\nThe proxy's sessions:\n{sessions}\n{proxy.Process.LogTail}");
        }
    }

    private void Say(string line)
    {
        output.WriteLine(line);
        ProgressFile.Say(line);
    }

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? number
            : null;

    /// <summary>Threads that want a processor each, all the time.</summary>
    private sealed class BusyMachine : IDisposable
    {
        private readonly Thread[] _threads;
        private volatile bool _isOver;

        public BusyMachine(int threads)
        {
            _threads = [.. Enumerable.Range(0, threads).Select(_ => new Thread(Spin) { IsBackground = true })];
            Array.ForEach(_threads, thread => thread.Start());
        }

        public void Dispose()
        {
            _isOver = true;
            Array.ForEach(_threads, thread => thread.Join());
        }

        private void Spin()
        {
            while (!_isOver)
            {
                Thread.SpinWait(1000);
            }
        }
    }
}
