using Microsoft.Extensions.Logging;

using RedisProxy.Configuration;
using RedisProxy.Roles;
using RedisProxy.Servers;
using RedisProxy.Tests.Topology;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Roles;

/// <summary>
/// A master without persistence and two replicas with it, all of them scripted and as their roles want them, and the view of a proxy.
/// Tests make something of it otherwise.
/// </summary>
internal sealed class RoleScene : IAsyncDisposable, ITopologySource
{
    public const string Name = "m";

    private static readonly (string, string)[] OnDisk = [("save", "900 1 300 10"), ("appendonly", "yes"), ("maxmemory", "0")];

    public RoleScene()
    {
        Master = new ScriptedRedis(("save", ""), ("appendonly", "no"), ("maxmemory", "0"));
        Replica = new ScriptedRedis(OnDisk) { Follows = Master.Endpoint };
        Second = new ScriptedRedis(OnDisk) { Follows = Master.Endpoint };
        Options = new ProxyOptions
        {
            Listeners = [],
            Sentinel = new SentinelOptions { Endpoints = [] },
            Roles = new RoleOptions
            {
                Master = Policy(("save", ""), ("appendonly", "no")),
                Replica = Policy(("save", "900 1 300 10"), ("appendonly", "yes")),
            },
        };
        Current = new TopologyView
        {
            MasterName = Name,
            Generation = 1,
            Availability = Availability.Available,
            Master = new MasterNode(Master.Endpoint, Master.Server.Address),
            Replicas = [Replica.Endpoint, Second.Endpoint],
        };
        Record = new RoleRecord(Name, Log);
    }

    public FakeTimeProvider Clock { get; } = new();

    public RecordingLog Log { get; } = new();

    public ScriptedRedis Master { get; }

    public ScriptedRedis Replica { get; }

    public ScriptedRedis Second { get; }

    public ProxyOptions Options { get; set; }

    public RoleRecord Record { get; }

    /// <summary>The view.</summary>
    public TopologyView Current { get; set; }

    public FailoverHistory Failovers { get; } = new();

    public TimeSpan? ProbeRoundTrip => null;

    public TopologyContext Context => new(Clock, new RecordingLoggers(Log));

    public static RolePolicyOptions Policy(params (string Name, string Value)[] settings) =>
        new() { Config = settings.ToDictionary(one => one.Name, one => one.Value) };

    public void With(Func<RoleOptions, RoleOptions> change) => Options = Options with { Roles = change(Options.Roles) };

    /// <summary>One round by the view and the options of now.</summary>
    public Task<RoleRoundEnd> RunAsync() => new RoleRound(this, Current, Options, Context, Record).RunAsync();

    /// <summary>On the fake clock.</summary>
    public RoleKeeper Keeper(RunningOptions running) =>
        new(running, () => [this], Context, new Logger<RoleKeeper>(new RecordingLoggers(Log)));

    /// <summary>The lines with this event id.</summary>
    public IEnumerable<string> Said(int id) => Log.Lines.Where(line => line.Id == id).Select(line => line.Text);

    public void AssertUntouched() => Assert.Empty(Master.Orders.Concat(Replica.Orders).Concat(Second.Orders));

    public long Suspect(SuspicionReason reason) => throw new NotSupportedException("roles doubt nobody");

    public void Subscribe(ITopologyObserver observer) => throw new NotSupportedException("roles look, and are not told");

    public async ValueTask DisposeAsync()
    {
        await Master.DisposeAsync();
        await Replica.DisposeAsync();
        await Second.DisposeAsync();
    }
}
