using System.Net;

using RedisProxy.Configuration;
using RedisProxy.Servers;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Topology;

/// <summary>When a replica's word that it is a master means that it has been promoted, and when that is no failover.</summary>
public class PromotionWatchTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);
    private static readonly IPEndPoint Master = At(1);

    private readonly FakeTimeProvider _clock = new();
    private readonly PromotionWatch _watch;

    public PromotionWatchTests() => _watch = new PromotionWatch(_clock);

    [Fact]
    public void ReplicaBecomesMaster_IsAPromotion()
    {
        Observe(Replica(2), Replica(3));
        Assert.Null(_watch.Seen);
        Observe(Replica(2), Promoted(3));
        Assert.Equal(At(3), _watch.Seen!.Address);
        Observe(Replica(2), Silent(3));
        Assert.NotNull(_watch.Seen);
    }

    [Fact]
    public void PromotedReplica_IsAReplicaAgain_IsForgotten()
    {
        Observe(Replica(2));
        Observe(Promoted(2));
        Observe(Replica(2));
        Assert.Null(_watch.Seen);
        Observe(Promoted(2));
        Assert.NotNull(_watch.Seen);
    }

    [Fact]
    public void ServerThatWasNeverSeenAsAReplica_IsAnOldMaster()
    {
        Observe(Promoted(2), Silent(3));
        Assert.Null(_watch.Seen);
    }

    [Fact]
    public void ReplicaRestartedAsAMaster_WasNotPromoted()
    {
        Observe(Replica(2));
        Observe(Promoted(2, runId: "another"));
        Assert.Null(_watch.Seen);
    }

    [Fact]
    public void RunIdNotReported_ProvesNothing()
    {
        Observe(Replica(2, runId: ""));
        Observe(Promoted(2, runId: ""));
        Assert.Null(_watch.Seen);
    }

    [Fact]
    public void AnotherMasterAccepted_TheOldOneThatReturnsIsNoPromotion()
    {
        Observe(Replica(2));
        Observe(Promoted(2));
        _watch.Observe(new ReplicationView { Replicas = [Promoted(1), Promoted(2)] }, At(2));
        Assert.Null(_watch.Seen);
        _watch.Observe(new ReplicationView { Replicas = [Replica(1)] }, At(2));
        _watch.Observe(new ReplicationView { Replicas = [Promoted(1)] }, At(2));
        Assert.Equal(At(1), _watch.Seen!.Address);
    }

    [Fact]
    public void NewMasterIsListedAtAnotherOfItsAddresses_IsNotItsOwnReplica()
    {
        Observe(Replica(2), Replica(9, runId: "run-2"));
        ReplicationFacts master = Promoted(2).Facts!;

        // The other address was asked last before the promotion.
        _watch.Observe(new ReplicationView { Master = master, Replicas = [Replica(9, runId: "run-2")] }, At(2));
        _watch.Observe(new ReplicationView { Master = master, Replicas = [Promoted(9, runId: "run-2")] }, At(2));
        Assert.Null(_watch.Seen);
    }

    [Fact]
    public void Judge_AllSentinelsDenyIt_IsForgottenUntilItIsAReplicaAgain()
    {
        Promote();
        _watch.Judge([Vote(1), Vote(2), Vote(3)], Patience);
        Assert.NotNull(_watch.Seen); // They were asked before.
        _clock.Advance(TimeSpan.FromMilliseconds(10));
        _watch.Judge([Vote(1), Vote(2), Vote(3)], Patience);
        Assert.Null(_watch.Seen);
        Observe(Promoted(2));
        Assert.Null(_watch.Seen);
        Promote();
        Assert.NotNull(_watch.Seen);
    }

    [Fact]
    public void Judge_OneDoesNotAnswer_MostSufficeOnlyAfterAWhile()
    {
        Promote();
        _clock.Advance(TimeSpan.FromSeconds(2.9));
        _watch.Judge([Vote(1), Vote(2), Vote(3, isReachable: false)], Patience);
        Assert.NotNull(_watch.Seen);
        _clock.Advance(TimeSpan.FromSeconds(0.2));
        _watch.Judge([Vote(1), Vote(2, isReachable: false), Vote(3, isReachable: false)], Patience);
        Assert.NotNull(_watch.Seen);
        _watch.Judge([Vote(1), Vote(2), Vote(3, isReachable: false)], Patience);
        Assert.Null(_watch.Seen);
    }

    [Fact]
    public void Judge_NoSentinelAnswers_IsBelievedForAsLongAsItLasts()
    {
        Promote();
        _clock.Advance(TimeSpan.FromMinutes(10));
        _watch.Judge([Vote(1, isReachable: false), Vote(2, isReachable: false)], Patience);
        _watch.Judge([], Patience);
        Assert.NotNull(_watch.Seen);
    }

    [Theory]
    [InlineData("master,failover_in_progress", 1)]
    [InlineData("master", 2)]
    public void Judge_OneReportsAFailoverOrAnotherMaster_IsBelieved(string flags, int master)
    {
        Promote();
        _clock.Advance(TimeSpan.FromMilliseconds(10));
        _watch.Judge([Vote(1), Vote(2), Vote(3, flags: flags, master: master)], Patience);
        Assert.NotNull(_watch.Seen);
    }

    [Fact]
    public void Judge_OneGoesOnReportingAFailover_MostDoNotRefuteIt()
    {
        Promote();
        _clock.Advance(TimeSpan.FromSeconds(10));
        _watch.Judge([Vote(1), Vote(2), Vote(3, flags: "master,failover_in_progress")], Patience);
        Assert.NotNull(_watch.Seen);
        _watch.Judge([Vote(1), Vote(2), Vote(3, flags: "master,failover_in_progress", isReachable: false)], Patience);
        Assert.Null(_watch.Seen);
    }

    private void Promote()
    {
        Observe(Replica(2));
        Observe(Promoted(2));
    }

    private void Observe(params ReplicaState[] replicas) => _watch.Observe(new ReplicationView { Replicas = replicas }, Master);

    private static IPEndPoint At(int number) => new(IPAddress.Parse($"10.0.0.{number}"), 6379);

    private static ReplicaState Replica(int number, string? runId = null) => State(number, isMaster: false, runId);

    private static ReplicaState Promoted(int number, string? runId = null) => State(number, isMaster: true, runId);

    private static ReplicaState Silent(int number) =>
        new(new HostEndpoint($"10.0.0.{number}", 6379)) { Address = At(number), Failure = "no answer" };

    private static ReplicaState State(int number, bool isMaster, string? runId) => Silent(number) with
    {
        Failure = "",
        Facts = new ReplicationFacts { RunId = runId ?? $"run-{number}", IsMaster = isMaster },
    };

    private SentinelVote Vote(int number, bool isReachable = true, string flags = "master", int master = 1) => new(
        new SentinelReport
        {
            Sentinel = new HostEndpoint($"10.0.1.{number}", 26379),
            IsReachable = isReachable,
            AskedAt = _clock.GetTimestamp(),
            Answer = new SentinelAnswer { Epoch = 1, Flags = flags },
        },
        At(master),
        At(master),
        "");
}
