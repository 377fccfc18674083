using System.Net;

using RedisProxy.Configuration;
using RedisProxy.Servers;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Topology;

/// <summary>Which replicas may serve, and how their state is read from what servers say.</summary>
public sealed class ReplicaHealthTests
{
    private static readonly IPEndPoint MasterAddress = new(IPAddress.Parse("10.0.0.1"), 6379);
    private static readonly IPEndPoint ReplicaAddress = new(IPAddress.Parse("10.0.0.2"), 6379);

    private static readonly TopologyView View = new()
    {
        MasterName = "m",
        Availability = Availability.Available,
        Master = new MasterNode(new HostEndpoint("10.0.0.1", 6379), MasterAddress),
    };

    private static readonly ReplicaState Good = new(new HostEndpoint("10.0.0.2", 6379))
    {
        Address = ReplicaAddress,
        Facts = new ReplicationFacts { IsLinkUp = true },
        WasLookedAt = true,
        MasterAddress = MasterAddress,
        LagBytes = 1024,
        Lag = TimeSpan.FromSeconds(3),
    };

    [Fact]
    public void Replica_ThatIsWell_MayServe() => Assert.Null(Objection(Good));

    [Fact]
    public void Replica_ThatIsNotWell_IsObjectedTo()
    {
        Assert.Equal("it is silent", Objection(Good with { Facts = null, Failure = "it is silent" }));
        Assert.Equal("it has not been checked yet", Objection(Good with { Facts = null }));
        Assert.Equal("most of the Sentinels report it down", Objection(Good with { IsDown = true }));
        Assert.Equal("it is a master", Objection(Good with { Facts = Good.Facts! with { IsMaster = true } }));
        Assert.Equal("it is a master", Objection(Good with { Address = MasterAddress }));
        Assert.Equal("it is loading its data", Objection(Good with { Facts = Good.Facts! with { IsLoading = true } }));
        Assert.Equal("it is in a full sync", Objection(Good with { Facts = Good.Facts! with { IsSyncing = true } }));
        Assert.Equal("its link to the master is down", Objection(Good with { Facts = Good.Facts! with { IsLinkUp = false } }));
        Assert.Equal("it replicates from 10.0.0.2:6379, which is not the master", Objection(Good with { MasterAddress = ReplicaAddress }));
    }

    [Fact]
    public void Replica_WhoseMasterIsGone_MayLackItsLink_ButNothingElse()
    {
        ReplicaState alone = Good with { Facts = new ReplicationFacts(), MasterAddress = ReplicaAddress };
        Assert.Null(Objection(alone, mayLackLink: true));
        Assert.Equal("it is 1025 bytes behind the master", Objection(alone with { LagBytes = 1025 }, mayLackLink: true));
    }

    [Theory]
    [InlineData(1024, 3, 0, null)]
    [InlineData(1025, 0, 0, "it is 1025 bytes behind the master")]
    [InlineData(0, 3, 3, null)]
    [InlineData(0, 4, 3, "it is 4 s behind the master")]
    public void Lag_IsLimited(long bytes, int seconds, int maxSeconds, string? objection) => Assert.Equal(
        objection,
        ReplicaHealth.Objection(
            Good with { LagBytes = bytes, Lag = TimeSpan.FromSeconds(seconds) },
            View,
            new ReplicaOptions { MaxLagBytes = 1024, MaxLagSeconds = maxSeconds },
            mayLackLink: false));

    [Fact]
    public void Facts_OfAMaster_CountWhoGetsAWholeCopy()
    {
        ReplicationFacts facts = ReplicationFacts.Read(new Dictionary<string, string>
        {
            ["role"] = "master",
            ["connected_slaves"] = "5",
            ["slave0"] = "ip=10.0.0.2,port=6379,state=online,offset=90,lag=0",
            ["slave1"] = "ip=10.0.0.3,port=6379,state=wait_bgsave,offset=0,lag=0",
            ["slave2"] = "ip=10.0.0.4,port=6379,state=send_bulk,offset=0,lag=0",
            ["slave3"] = "ip=10.0.0.5,port=6379,state=send_bulk,offset=0,lag=0,type=rdb-channel",
            ["slave4"] = "ip=10.0.0.5,port=6379,state=bg_transfer,offset=0,lag=0,type=main-channel",
            ["slave_expires_tracked_keys"] = "state=send_bulk",
            ["master_repl_offset"] = "100",
            ["slave_repl_offset"] = "7",
            ["repl_backlog_size"] = "1048576",
            ["sync_full"] = "3",
            ["sync_partial_ok"] = "2",
            ["sync_partial_err"] = "1",
        });
        Assert.True(facts.IsMaster);
        Assert.Equal((3, 100L, 1048576L), (facts.SyncingReplicas, facts.Offset, facts.BacklogBytes));
        Assert.Equal((3L, 2L, 1L), (facts.FullSyncs, facts.PartialSyncs, facts.RefusedPartialSyncs));
    }

    [Fact]
    public void Facts_OfAReplica_AreOfItsOwnStream()
    {
        ReplicationFacts facts = ReplicationFacts.Read(new Dictionary<string, string>
        {
            ["role"] = "slave",
            ["master_host"] = "10.0.0.1",
            ["master_port"] = "6379",
            ["master_link_status"] = "up",
            ["master_sync_in_progress"] = "1",
            ["slave_repl_offset"] = "7",
            ["master_repl_offset"] = "100",
            ["async_loading"] = "1",
        });
        Assert.Equal(new HostEndpoint("10.0.0.1", 6379), facts.Master);
        Assert.True(facts is { IsMaster: false, IsLinkUp: true, IsSyncing: true, IsLoading: true, Offset: 7 });
    }

    [Fact]
    public void Syncs_AreCountedOverMasters_AndOverTheirRestarts()
    {
        ReplicationFacts Counted(long full) => new() { FullSyncs = full, PartialSyncs = 1 };
        SyncCounts counts = new SyncCounts(Full: 5).Add(Counted(2), Counted(4)).Add(Counted(4), Counted(1));
        Assert.Equal(new SyncCounts(Full: 8), counts);
    }

    [Fact]
    public void Progress_TellsLagInTimeAndTheRate()
    {
        var progress = new WriteProgress();
        for (int second = 0; second <= 120; second++)
        {
            progress.Add(TimeSpan.FromSeconds(second), second * 1000);
        }

        var now = TimeSpan.FromSeconds(120);
        Assert.InRange(progress.Rate, 999, 1001);
        Assert.Equal(TimeSpan.Zero, progress.LagOf(120_000, now));
        Assert.Equal(TimeSpan.Zero, progress.LagOf(999_999, now));
        Assert.Equal(TimeSpan.FromSeconds(10), progress.LagOf(109_500, now));
        Assert.Equal(now, progress.LagOf(-1, now));

        // A new master, whose history is another one.
        progress.Add(TimeSpan.FromSeconds(121), 50);
        Assert.Equal(0, progress.Rate);
        Assert.Equal(TimeSpan.Zero, progress.LagOf(50, TimeSpan.FromSeconds(130)));
    }

    private static string? Objection(ReplicaState replica, bool mayLackLink = false) =>
        ReplicaHealth.Objection(replica, View, new ReplicaOptions { MaxLagBytes = 1024 }, mayLackLink);
}
