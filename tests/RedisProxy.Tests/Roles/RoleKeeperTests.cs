using RedisProxy.Configuration;
using RedisProxy.Roles;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Roles;

public sealed class RoleKeeperTests : IAsyncDisposable
{
    private readonly RoleScene _scene = new();
    private readonly CancellationTokenSource _stop = new();
    private Task _run = Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _run.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System));
        await _scene.DisposeAsync();
        _stop.Dispose();
    }

    [Fact]
    public async Task Keeper_AfterEachGenerationAndAtTheInterval_Looks()
    {
        bool wasAsked = false;
        _scene.Replica.OnRequest = request => wasAsked |= request is ["CONFIG", "GET", "appendonly"];
        RoleKeeper keeper = Start(new RunningOptions(_scene.Options));
        await WithinAsync(() => _scene.Master.Looks == 1 && Volatile.Read(ref wasAsked));
        await Topology.Eventually.StaysTrueAsync(_scene.Clock, TimeSpan.FromSeconds(1), () => _scene.Master.Looks == 1);
        _scene.Replica.Settings["appendonly"] = "no";
        await Topology.Eventually.StaysTrueAsync(_scene.Clock, TimeSpan.FromSeconds(10), () => _scene.Master.Looks == 1);
        _scene.Current = _scene.Current with { Generation = 2 };

        TimeSpan took = await WithinAsync(() => _scene.Replica.Settings["appendonly"] == "yes");

        Assert.InRange(took, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5));
        await WithinAsync(() => keeper.RecordOf(RoleScene.Name).ChangesOf(NodeRole.Replica) == 1);
        int looks = _scene.Master.Looks;
        await Topology.Eventually.StaysTrueAsync(_scene.Clock, TimeSpan.FromSeconds(20), () => _scene.Master.Looks == looks);
        await WithinAsync(() => _scene.Master.Looks > looks);
    }

    [Fact]
    public async Task Keeper_WithoutAnAvailableMaster_LooksAtNobody()
    {
        _scene.Current = _scene.Current with { Availability = Availability.Verifying };
        Start(new RunningOptions(_scene.Options));

        await Topology.Eventually.StaysTrueAsync(_scene.Clock, TimeSpan.FromSeconds(5), () => _scene.Master.Looks == 0);

        _scene.Current = _scene.Current with { Availability = Availability.Available };
        await WithinAsync(() => _scene.Master.Looks == 1);
    }

    [Fact]
    public async Task Keeper_OfAServerThatRefuses_TriesAgainSoonerThanTheInterval()
    {
        _scene.Replica.Settings["appendonly"] = "no";
        _scene.Replica.Refusals["CONFIG SET"] = "NOPERM no";
        RoleKeeper keeper = Start(new RunningOptions(_scene.Options));
        await WithinAsync(() => keeper.RecordOf(RoleScene.Name).Failures == 3);
        _scene.Replica.Refusals.Clear();

        await WithinAsync(() => keeper.RecordOf(RoleScene.Name).Differences == 0 && _scene.Replica.Settings["appendonly"] == "yes");

        Assert.Equal(1, _scene.Log.CountOf(6002));
    }

    [Fact]
    public async Task Keeper_ThatIsReconfigured_GoesByTheNewOptions()
    {
        _scene.Replica.Settings["appendonly"] = "no";
        _scene.With(roles => roles with { DryRun = true });
        var running = new RunningOptions(_scene.Options);
        RoleKeeper keeper = Start(running);
        await WithinAsync(() => keeper.RecordOf(RoleScene.Name).Differences == 1);

        // Another master's, so this one is looked after no more.
        running.Current = _scene.Options with { Roles = _scene.Options.Roles with { Masters = ["another"] } };
        await WithinAsync(() => keeper.RecordOf(RoleScene.Name).Differences == 0);
        _scene.AssertUntouched();

        running.Current = _scene.Options with { Roles = _scene.Options.Roles with { DryRun = false } };
        await WithinAsync(() => _scene.Replica.Settings["appendonly"] == "yes");
    }

    private RoleKeeper Start(RunningOptions running)
    {
        RoleKeeper keeper = _scene.Keeper(running);
        _run = Task.Run(() => keeper.RunAsync(_stop.Token));
        return keeper;
    }

    private Task<TimeSpan> WithinAsync(Func<bool> condition) => Topology.Eventually.TrueWithinAsync(_scene.Clock, condition);
}
