using RedisProxy.Configuration;
using RedisProxy.Failover;
using RedisProxy.Servers;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Topology;

/// <summary>
/// A master, two replicas and three Sentinels that do what a test tells them, and a failover on demand among them. The real clock.
/// </summary>
internal sealed class FailoverScene : IAsyncDisposable
{
    private readonly TopologyContext _context = new(TimeProvider.System, new RecordingLoggers(new RecordingLog()));
    private readonly ProxyOptions _options;
    private FailoverPlan? _plan;
    private FailoverSteps? _steps;

    public FailoverScene()
    {
        Sentinels = [.. Enumerable.Range(1, 3).Select(number => new ScriptedSentinel($"s{number}"))];
        _options = new ProxyOptions
        {
            Listeners = [new ListenerOptions { Name = "l", Bind = BindAddress.OfTcp(new HostEndpoint("127.0.0.1", 1)), Master = "m" }],
            Sentinel = new SentinelOptions { Endpoints = [.. Sentinels.Select(one => one.Endpoint)] },
        };
        foreach (ScriptedSentinel sentinel in Sentinels)
        {
            Say(sentinel, "master");
            sentinel.Replicas.AddRange(Replicas.Select(replica => (replica.Endpoint.Host, replica.Endpoint.Port)));
        }
    }

    public ScriptedSentinel[] Sentinels { get; }

    /// <summary>The one that is told.</summary>
    public ScriptedSentinel Told => Sentinels[0];

    public ScriptedNode Master { get; } = new("master");

    public ScriptedNode[] Replicas { get; } = [new("slave"), new("slave")];

    public FailoverSteps Steps => _steps!;

    public void Say(ScriptedSentinel sentinel, string flags) =>
        sentinel.Say("m", ScriptedAnswer.Of(Master.Server.Address, epoch: 1) with { Flags = flags });

    /// <summary>The preflight, with all Sentinels connected and of one mind.</summary>
    public Task<FailoverPlan> PlanAsync() => new FailoverPreflight(_options, _context).RunAsync(new TopologyView
    {
        MasterName = "m",
        Generation = 1,
        Availability = Availability.Available,
        Master = new MasterNode(Master.Endpoint, Master.Server.Address),
        Sentinels = [.. Sentinels.Select(one => new SentinelOpinion(one.Endpoint, true, Master.Endpoint, 1, "master", ""))],
    });

    /// <summary>The order is given, and the Sentinel that is told says that it has begun.</summary>
    public async Task BeginAsync()
    {
        Told.OnFailover = (_, _) =>
        {
            Say(Told, "master,failover_in_progress");
            return "+OK\r\n";
        };
        await Steps.OrderAsync();
    }

    /// <summary>Up to the moment at which Sentinel is to be told.</summary>
    public async Task PauseAsync()
    {
        _plan = await PlanAsync();
        Assert.Empty(_plan.Objections);
        _steps = new FailoverSteps(_plan, _options, _context);
        await _steps.PauseWritesAsync();
        Assert.True(await _steps.WaitUntilCaughtUpAsync(TimeSpan.FromSeconds(5)));
    }

    public async ValueTask DisposeAsync()
    {
        await (_steps?.DisposeAsync() ?? default);
        await (_plan?.DisposeAsync() ?? default);
        foreach (IAsyncDisposable server in (IAsyncDisposable[])[Master, .. Replicas, .. Sentinels])
        {
            await server.DisposeAsync();
        }
    }
}
