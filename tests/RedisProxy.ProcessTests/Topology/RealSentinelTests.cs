using System.Collections.Concurrent;
using System.Globalization;

using RedisProxy.Configuration;
using RedisProxy.Resp;
using RedisProxy.Servers;
using RedisProxy.Testing;
using RedisProxy.Tests.Topology;
using RedisProxy.Topology;

using Eventually = RedisProxy.Tests.Topology.Eventually;

namespace RedisProxy.ProcessTests.Topology;

/// <summary>The control plane alone against real Sentinels and servers, on the real clock: what views come, and how fast.</summary>
public class RealSentinelTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    [Fact]
    public async Task PlannedFailover_RealSentinels_HoldsBeforeThePromotionAndAcceptsRightAfterIt()
    {
        await using Watched watched = await Watched.StartAsync(new SentinelDeploymentOptions());
        TimeSpan begun = await watched.Deployment.FailoverAsync();
        await watched.IsAsync(2, Availability.Available);

        TimeSpan promoted = (await watched.Deployment.Events.WaitAsync("+promoted-slave", begun, Patience)).At;
        TimeSpan held = watched.TimeOf(1, Availability.PlannedHold);
        TimeSpan accepted = watched.TimeOf(2, Availability.Verifying);
        string times = $"held {held}, promoted {promoted}, accepted {accepted}";
        Assert.True(held < accepted, times);
        Assert.True(accepted - promoted < TimeSpan.FromSeconds(1), times); // 3 to 10 ms on a quiet machine.
        Assert.Equal(FailoverKind.Planned, Assert.Single(watched.Source.Failovers.Last).Kind);
        Assert.DoesNotContain("1 Down", watched.Path);
    }

    [Fact]
    public async Task Master_IsAskedForItsCommandsOncePerGeneration()
    {
        await using Watched watched = await Watched.StartAsync(new SentinelDeploymentOptions());
        CommandTable first = await watched.CommandsAsync(generation: 1);
        Assert.True(first.Find("GEORADIUS_RO"u8).IsResendable);
        await watched.Deployment.FailoverAsync();
        Assert.NotSame(first, await watched.CommandsAsync(generation: 2));
    }

    [Fact]
    public async Task Kill_RealSentinels_IsDownAtOnceAndThenTheNewMaster()
    {
        await using Watched watched = await Watched.StartAsync(new SentinelDeploymentOptions());
        TimeSpan killed = watched.Deployment.Events.Now;
        await watched.Deployment.Servers[0].KillAsync();
        await watched.IsAsync(2, Availability.Available);
        Assert.Equal(["1 Available", "1 Down", "2 Verifying", "2 Available"], watched.Path);
        TimeSpan down = watched.TimeOf(1, Availability.Down);
        Assert.True(down - killed < TimeSpan.FromSeconds(1), $"killed {killed}, down {down}"); // About 15 ms.
        Assert.Equal(FailoverKind.Unplanned, Assert.Single(watched.Source.Failovers.Last).Kind);
    }

    [Fact]
    public async Task Restart_RealSentinelsDoNotMind_IsTheSameGeneration()
    {
        await using Watched watched = await Watched.StartAsync(new SentinelDeploymentOptions { DownAfter = Patience });
        RedisServer master = watched.Deployment.Servers[0];
        await master.KillAsync();
        await watched.IsAsync(1, Availability.Down);
        long suspicion = watched.Source.Suspect(SuspicionReason.ConnectFailed);
        await master.RestartAsync(keepData: false);
        await watched.IsAsync(1, Availability.Available);
        Assert.True(watched.Source.Current.CoversSuspicion >= suspicion);
        Assert.Equal(FailoverKind.Restart, Assert.Single(watched.Source.Failovers.Last).Kind);
    }

    [Fact]
    public async Task RemovedAndMonitoredWithAnotherMaster_RealSentinels_IsFollowedAtOnce()
    {
        await using Watched watched = await Watched.StartAsync(new SentinelDeploymentOptions());
        await watched.Deployment.FailoverAsync();
        await watched.IsAsync(2, Availability.Available);
        await watched.Deployment.WaitUntilHealthyAsync(Patience);
        RedisServer now = await watched.Deployment.WaitForMasterAsync(watched.Deployment.Servers[0], Patience);
        RedisServer other = watched.Deployment.Servers.First(server => server != now);
        await TellAllAsync(watched.Deployment, "SENTINEL", "REMOVE", "mymaster");
        await other.CallAsync("REPLICAOF", "NO", "ONE");
        await TellAllAsync(watched.Deployment, "SENTINEL", "MONITOR", "mymaster", other.Address, $"{other.Port}", "2");
        TimeSpan told = watched.Deployment.Events.Now;
        await watched.IsAsync(3, Availability.Available);
        TimeSpan followed = watched.TimeOf(3, Availability.Verifying);
        Assert.True(followed - told < TimeSpan.FromSeconds(1.5), $"told {told}, followed {followed}"); // 5.1 s without their events.
    }

    private static async Task TellAllAsync(SentinelDeployment deployment, params string[] words)
    {
        foreach (SentinelServer sentinel in deployment.Sentinels)
        {
            Assert.False((await sentinel.CallAsync(words)).IsError);
        }
    }

    /// <summary>A deployment, the control plane on it, and the times of its views on the clock of the Sentinels' events.</summary>
    private sealed class Watched(SentinelDeployment deployment) : ITopologyObserver, IAsyncDisposable
    {
        private readonly ConcurrentQueue<(TimeSpan At, TopologyView View)> _views = [];
        private readonly CancellationTokenSource _stop = new();
        private Task _run = Task.CompletedTask;

        public SentinelDeployment Deployment => deployment;

        public ITopologySource Source { get; private set; } = null!;

        public async Task<CommandTable> CommandsAsync(long generation)
        {
            await RedisProxy.Testing.Eventually.Within(
                Patience,
                () => Source.Current is var view && view.Generation == generation && view.Commands != CommandTable.BuiltIn,
                "the master has said what its commands are");
            return Source.Current.Commands;
        }

        /// <summary>From the first available view on.</summary>
        public IEnumerable<string> Path => _views
            .Select(seen => $"{seen.View.Generation} {seen.View.Availability}")
            .SkipWhile(step => step != "1 Available")
            .Aggregate(new List<string>(), (path, step) => path.LastOrDefault() == step ? path : [.. path, step]);

        public static async Task<Watched> StartAsync(SentinelDeploymentOptions options)
        {
            var watched = new Watched(await SentinelDeployment.StartAsync(options));
            watched.Start();
            await watched.IsAsync(1, Availability.Available);
            await Eventually.TrueAsync(() => watched.Source.Current.Sentinels.Count(one => one.IsConnected) == 3);
            return watched;
        }

        public async Task IsAsync(long generation, Availability availability)
        {
            try
            {
                await Testing.Eventually.Within(
                    Patience,
                    () => Source.Current.Generation == generation && Source.Current.Availability == availability,
                    $"{generation} {availability}");
            }
            catch (TimeoutException late)
            {
                IEnumerable<string> views = _views.Select(seen => $"{seen.At} {seen.View.Generation} {seen.View.Availability}");
                string story = string.Join('\n', views.Concat(deployment.Events.All.Select(seen => seen.ToString())).Order());
                throw new TimeoutException($"{late.Message}\n{story}", late);
            }
        }

        public TimeSpan TimeOf(long generation, Availability availability) =>
            _views.First(seen => seen.View.Generation == generation && seen.View.Availability == availability).At;

        public void OnTopology(TopologyView view) => _views.Enqueue((deployment.Events.Now, view));

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _run;
            _stop.Dispose();
            await deployment.DisposeAsync();
        }

        private void Start()
        {
            // One is enough, the others are learnt.
            string[] sentinel = deployment.SentinelEndpoints[0].Split(':');
            var options = new ProxyOptions
            {
                Listeners =
                [
                    new ListenerOptions
                    {
                        Name = "l",
                        Bind = BindAddress.OfTcp(new HostEndpoint("127.0.0.1", 1)),
                        Master = deployment.MasterName,
                    },
                ],
                Sentinel = new SentinelOptions
                {
                    Endpoints = [new HostEndpoint(sentinel[0], int.Parse(sentinel[1], CultureInfo.InvariantCulture))],
                },
            };
            var service = new TopologyService(options, new TopologyContext(TimeProvider.System, new RecordingLoggers(new RecordingLog())));
            Source = Assert.Single(service.Sources);
            Source.Subscribe(this);
            _run = Task.Run(() => service.RunAsync(_stop.Token));
        }
    }
}
