using RedisProxy.Configuration;
using RedisProxy.Roles;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Roles;

public sealed class RoleRoundTests : IAsyncDisposable
{
    private const int Changed = 6000;
    private const int WouldChange = 6001;
    private const int Failed = 6002;
    private const int Waits = 6003;
    private const int LeftAlone = 6005;

    private readonly RoleScene _scene = new();

    public ValueTask DisposeAsync() => _scene.DisposeAsync();

    [Fact]
    public async Task Round_WhenAllIsAsWanted_SendsNothing()
    {
        Assert.Equal(RoleRoundEnd.Done, await _scene.RunAsync());

        _scene.AssertUntouched();
        Assert.Empty(_scene.Log.Lines);
    }

    [Fact]
    public async Task Round_OfServersThatDiffer_SetsTheDifferencesOnly()
    {
        _scene.Replica.Settings["appendonly"] = "no";
        _scene.Second.Settings["save"] = "";
        _scene.Second.Settings["appendonly"] = "no";

        Assert.Equal(RoleRoundEnd.Done, await _scene.RunAsync());

        Assert.Empty(_scene.Master.Orders);
        Assert.Equal(["SET appendonly=yes"], _scene.Replica.Orders);
        Assert.Equal(["SET appendonly=yes, save=900 1 300 10"], _scene.Second.Orders);
        Assert.Equal((0, 3), (_scene.Record.ChangesOf(NodeRole.Master), _scene.Record.ChangesOf(NodeRole.Replica)));
        Assert.Equal((0, 0), (_scene.Record.Failures, _scene.Record.Differences));
        Assert.Contains($"m: {_scene.Second.Endpoint} is a replica: save is now '900 1 300 10', was ''", _scene.Said(Changed));
    }

    [Fact]
    public async Task Round_OfAnOldServer_SetsOneAfterTheOther()
    {
        _scene.Second.Version = "6.2.14";
        _scene.Second.Settings["save"] = "";
        _scene.Second.Settings["appendonly"] = "no";

        Assert.Equal(RoleRoundEnd.Done, await _scene.RunAsync());

        Assert.Equal(["SET appendonly=yes", "SET save=900 1 300 10"], _scene.Second.Orders);
    }

    [Fact]
    public async Task Round_OfAnOldMasterThatWasNotDemotedYet_DoesNotTouchIt()
    {
        _scene.Replica.Follows = null;
        _scene.Replica.Settings["appendonly"] = "no";

        Assert.Equal(RoleRoundEnd.Unfinished, await _scene.RunAsync());

        _scene.AssertUntouched();
        Assert.Equal(
            [$"m: {_scene.Replica.Endpoint} is left unchanged: it should be a replica but reports the role 'master'"],
            _scene.Said(LeftAlone));
    }

    [Fact]
    public async Task Round_OfReplicasThatFollowAnotherOrHaveNoLink_DoesNotTouchThem()
    {
        _scene.Replica.Follows = new HostEndpoint("127.0.0.1", 1);
        _scene.Replica.Settings["appendonly"] = "no";
        _scene.Second.LinkState = "sync";
        _scene.Second.Settings["appendonly"] = "no";

        Assert.Equal(RoleRoundEnd.Unfinished, await _scene.RunAsync());

        _scene.AssertUntouched();
        Assert.Contains(
            $"m: {_scene.Replica.Endpoint} is left unchanged: it replicates from 127.0.0.1:1, but the master is {_scene.Master.Endpoint}",
            _scene.Said(LeftAlone));
        Assert.Contains(_scene.Said(LeftAlone), line => line.EndsWith("its link to the master is in the state 'sync'"));
    }

    [Fact]
    public async Task Round_OfAMasterThatSaysItIsAReplica_DoesNotTouchIt()
    {
        _scene.Master.Follows = _scene.Replica.Endpoint;
        _scene.Master.Settings["appendonly"] = "yes";

        Assert.Equal(RoleRoundEnd.Unfinished, await _scene.RunAsync());

        _scene.AssertUntouched();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Round_ThatAFailoverOvertakes_SendsNothingAnyMore(bool isNewMaster)
    {
        _scene.Replica.Settings["appendonly"] = "no";
        TopologyView old = _scene.Current;
        _scene.Replica.OnRequest = request => _scene.Current = request[0] != "CONFIG" ? _scene.Current
            : isNewMaster ? old with { Generation = 2 }
            : old with { Availability = Availability.PlannedHold };

        Assert.Equal(RoleRoundEnd.Unfinished, await new RoleRound(_scene, old, _scene.Options, _scene.Context, _scene.Record).RunAsync());

        _scene.AssertUntouched();
        Assert.Equal(0, _scene.Record.Failures);
    }

    [Fact]
    public async Task Round_OfAServerWhoseRoleChangesAfterItWasRead_SendsNothing()
    {
        _scene.Replica.Settings["appendonly"] = "no";
        _scene.Replica.OnRequest = request => _scene.Replica.Follows = request[0] == "CONFIG" ? null : _scene.Replica.Follows;

        Assert.Equal(RoleRoundEnd.Unfinished, await _scene.RunAsync());

        _scene.AssertUntouched();
        Assert.Equal((0, 1), (_scene.Record.Failures, _scene.Record.Differences));
    }

    [Fact]
    public async Task Round_OfAReplicaThatKnowsItsMasterByAnotherAddress_FindsItByTheMap()
    {
        var inside = new HostEndpoint("10.0.0.1", 6379);
        _scene.Options = _scene.Options with
        {
            Sentinel = _scene.Options.Sentinel! with
            {
                AddressMap = new Dictionary<HostEndpoint, HostEndpoint> { [inside] = _scene.Master.Endpoint },
            },
        };
        _scene.Replica.Follows = inside;
        _scene.Second.Follows = _scene.Master.Endpoint with { Host = "localhost" };

        Assert.Equal(RoleRoundEnd.Done, await _scene.RunAsync());
    }

    [Fact]
    public async Task DryRun_SendsNothingAndSaysEachDifferenceOnce()
    {
        _scene.With(roles => roles with { DryRun = true, Rewrite = true });
        _scene.Master.Settings["appendonly"] = "yes";
        _scene.Replica.Settings["save"] = "";

        await _scene.RunAsync();
        await _scene.RunAsync();

        _scene.AssertUntouched();
        Assert.Equal(2, _scene.Record.Differences);
        Assert.Equal(
            [
                $"m: dry run: {_scene.Master.Endpoint} is a master: appendonly would be set to 'no', is 'yes'",
                $"m: dry run: {_scene.Replica.Endpoint} is a replica: save would be set to '900 1 300 10', is ''",
            ],
            _scene.Said(WouldChange));

        // What was gone meanwhile is news again.
        _scene.Replica.Settings["save"] = "900 1 300 10";
        await _scene.RunAsync();
        _scene.Replica.Settings["save"] = "";
        await _scene.RunAsync();
        Assert.Equal(3, _scene.Said(WouldChange).Count());
    }

    [Fact]
    public async Task Refusal_OfOneSetting_IsSaidOnceCountedAndKeepsNoOtherFromBeingSet()
    {
        _scene.Second.Refusals["CONFIG SET save"] = "NOPERM no";
        _scene.Second.Settings["save"] = "";
        _scene.Second.Settings["appendonly"] = "no";

        Assert.Equal(RoleRoundEnd.Advanced, await _scene.RunAsync());
        Assert.Equal(RoleRoundEnd.Unfinished, await _scene.RunAsync());

        Assert.Equal(
            ["SET appendonly=yes, save=900 1 300 10", "SET appendonly=yes", "SET save=900 1 300 10", "SET save=900 1 300 10"],
            _scene.Second.Orders);
        Assert.Equal(
            [$"m: {_scene.Second.Endpoint} does not match roles.replica.config: CONFIG SET save: NOPERM no"], _scene.Said(Failed));
        Assert.Equal((2, 1), (_scene.Record.Failures, _scene.Record.Differences));

        _scene.Second.Refusals.Clear();
        Assert.Equal(RoleRoundEnd.Done, await _scene.RunAsync());
        Assert.Equal((2, 0), (_scene.Record.Failures, _scene.Record.Differences));
    }

    [Theory]
    [InlineData("CONFIG GET", "NOPERM no", "answers CONFIG: NOPERM no")]
    [InlineData("CONFIG GET", "ERR unknown command 'CONFIG'", "answers CONFIG: ERR unknown command 'CONFIG'")]
    public async Task Refusal_OfAQuestion_IsSaid(string what, string refusal, string expected)
    {
        _scene.Replica.Refusals[what] = refusal;

        Assert.Equal(RoleRoundEnd.Unfinished, await _scene.RunAsync());

        Assert.EndsWith(expected, Assert.Single(_scene.Said(Failed)), StringComparison.Ordinal);
        Assert.Equal(1, _scene.Record.Failures);
    }

    [Fact]
    public async Task Setting_ThatIsNotThereOrDoesNotStick_IsSaid()
    {
        _scene.With(roles => roles with
        {
            Master = RoleScene.Policy(("maxmemory", "1gb"), ("no-such-thing", "1")),
            Replica = RoleScene.Policy(),
        });
        _scene.Master.Ignored = "maxmemory";

        Assert.Equal(RoleRoundEnd.Unfinished, await _scene.RunAsync());

        string start = $"m: {_scene.Master.Endpoint} does not match roles.master.config: ";
        Assert.Equal(
            [$"{start}it has no no-such-thing", $"{start}CONFIG SET maxmemory: it accepted '1gb' but reports '0'"], _scene.Said(Failed));
        Assert.Equal(1, _scene.Record.Differences);
    }

    [Fact]
    public async Task Rewrite_FollowsChangesAndIsOwedUntilItSucceeds()
    {
        _scene.With(roles => roles with { Rewrite = true });
        _scene.Replica.Settings["appendonly"] = "no";
        _scene.Replica.Refusals["CONFIG REWRITE"] = "ERR The server is running without a config file";

        Assert.Equal(RoleRoundEnd.Advanced, await _scene.RunAsync());
        Assert.EndsWith("answers CONFIG: ERR The server is running without a config file", Assert.Single(_scene.Said(Failed)));
        _scene.Replica.Refusals.Clear();
        Assert.Equal(RoleRoundEnd.Done, await _scene.RunAsync());
        Assert.Equal(RoleRoundEnd.Done, await _scene.RunAsync());

        Assert.Equal(["SET appendonly=yes", "REWRITE", "REWRITE"], _scene.Replica.Orders);
        Assert.Empty(_scene.Master.Orders.Concat(_scene.Second.Orders));
    }

    [Fact]
    public async Task Persistence_OfTheNewMaster_IsSwitchedOffWhenAReplicaHasAllOnDisk()
    {
        // Just after a failover: the other replica is gone, the old master is back as a replica, and its append-only file not complete.
        await _scene.Second.DisposeAsync();
        _scene.Master.Settings["appendonly"] = "yes";
        _scene.Master.Settings["save"] = "900 1 300 10";
        _scene.Replica.Settings["appendonly"] = "no";
        _scene.Replica.Settings["save"] = "";
        _scene.Replica.Persistence = "aof_rewrite_in_progress:1";

        Assert.Equal(RoleRoundEnd.Advanced, await _scene.RunAsync());

        Assert.Equal(["SET appendonly=yes, save=900 1 300 10"], _scene.Replica.Orders);
        Assert.Empty(_scene.Master.Orders);
        Assert.Equal(2, _scene.Record.Differences);
        Assert.Equal(2, _scene.Said(Waits).Count());

        _scene.Replica.Persistence = "aof_rewrite_in_progress:0\r\naof_last_bgrewrite_status:ok";
        await _scene.RunAsync();
        Assert.Equal(["SET appendonly=no, save="], _scene.Master.Orders);
        Assert.Equal((2, 0), (_scene.Record.ChangesOf(NodeRole.Master), _scene.Record.Differences));
    }

    [Fact]
    public async Task Persistence_ThatTheMasterAloneKeeps_IsSwitchedOffAtTheOldOneWhenTheNewOneHasIt()
    {
        _scene.With(roles => roles with { Master = roles.Replica, Replica = roles.Master });
        _scene.Second.Settings["appendonly"] = "no";
        _scene.Second.Settings["save"] = "";
        _scene.Master.Persistence = "aof_rewrite_in_progress:0\r\naof_rewrite_scheduled:1";

        Assert.Equal(RoleRoundEnd.Advanced, await _scene.RunAsync());
        Assert.Equal(["SET appendonly=yes, save=900 1 300 10"], _scene.Master.Orders);
        Assert.Empty(_scene.Replica.Orders);

        _scene.Master.Persistence = "aof_rewrite_in_progress:0\r\naof_rewrite_scheduled:0\r\naof_last_bgrewrite_status:err";
        Assert.Equal(RoleRoundEnd.Unfinished, await _scene.RunAsync());
        _scene.Master.Persistence = "aof_rewrite_in_progress:0\r\naof_rewrite_scheduled:0\r\naof_last_bgrewrite_status:ok";
        Assert.Equal(RoleRoundEnd.Done, await _scene.RunAsync());
        Assert.Equal(["SET appendonly=no, save="], _scene.Replica.Orders);
        Assert.Empty(_scene.Second.Orders);
    }

    [Fact]
    public async Task Persistence_ThatNoRoleIsAskedToKeep_IsSwitchedOffEverywhere()
    {
        _scene.With(roles => roles with { Replica = roles.Master });

        Assert.Equal(RoleRoundEnd.Done, await _scene.RunAsync());

        Assert.Equal(["SET appendonly=no, save="], _scene.Replica.Orders);
        Assert.Equal(["SET appendonly=no, save="], _scene.Second.Orders);
    }
}
