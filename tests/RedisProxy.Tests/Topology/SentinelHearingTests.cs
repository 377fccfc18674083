using RedisProxy.Configuration;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Topology;

/// <summary>As of when all Sentinels were heard, on a clock that stands still.</summary>
public sealed class SentinelHearingTests
{
    private static readonly HostEndpoint First = new("10.0.0.1", 26379);
    private static readonly HostEndpoint Second = new("10.0.0.2", 26379);

    private readonly FakeTimeProvider _clock = new();
    private readonly List<long> _renewals = [];
    private readonly SentinelHearing _hearing;

    public SentinelHearingTests()
    {
        _hearing = new SentinelHearing(new Lease(_clock), _clock, _renewals.Add, new RecordingLog());
        Advance(1);
    }

    [Fact]
    public void NobodyConnected_NobodyIsWaitedFor()
    {
        Beat();
        Assert.Equal([_clock.GetTimestamp()], _renewals);
    }

    [Fact]
    public void TwoHeard_TheEarlierOneCounts()
    {
        long early = Hear(First);
        Advance(10);
        long late = Hear(Second);
        Assert.Equal(early, _renewals[^1]);
        Advance(10);
        Hear(First);
        Assert.Equal(late, _renewals[^1]);
    }

    [Fact]
    public void AnswerToAnOldQuestion_IsAsOfThatQuestion()
    {
        Hear(First);
        long asked = _clock.GetTimestamp();
        Advance(5_000);
        _hearing.OnHeard(First, asked);
        Assert.All(_renewals, renewal => Assert.True(renewal <= asked));
    }

    [Fact]
    public void Silent_IsWaitedForSoManyBeatsAndNotAgainBeforeItAnswers()
    {
        Hear(First);
        long silentSince = Hear(Second);
        for (int i = 0; i < SentinelHearing.MaxSilentBeats; i++)
        {
            Beat();
            Hear(First);
            Assert.Equal(silentSince, _renewals[^1]);
        }

        Beat();
        Assert.True(_renewals[^1] > silentSince);

        // Its belated answer is as of long ago, and stops nobody.
        _hearing.OnHeard(Second, silentSince);
        Assert.Equal(Hear(First), _renewals[^1]);
    }

    [Fact]
    public void FarAway_IsNotWaitedForUntilItIsNearAgain()
    {
        Hear(First);
        Hear(Second);
        long late = _clock.GetTimestamp();
        Advance(80);
        _hearing.OnHeard(Second, late, isFar: true);
        Assert.Equal(Hear(First), _renewals[^1]);
        Advance(10);
        _hearing.OnHeard(Second, _clock.GetTimestamp());
        long near = _clock.GetTimestamp();
        Advance(10);
        Hear(First);
        Assert.Equal(near, _renewals[^1]);
    }

    [Fact]
    public void HeldUp_TheTimeOfItDoesNotCountAsSilence()
    {
        long before = Hear(First);
        Advance(60_000);
        Beat();
        Assert.Equal(before, _renewals[^1]);
        Assert.Equal(Hear(First), _renewals[^1]);
    }

    [Fact]
    public void ConnectionEnds_OneThatWasHeardJustNowIsNotWaitedFor()
    {
        Hear(First);
        long lost = Hear(Second);
        Advance(20);
        _hearing.OnLost(Second);
        Assert.Equal(Hear(First), _renewals[^1]);
        Assert.True(_renewals[^1] > lost);
    }

    [Fact]
    public void ConnectionEndsAfterBeingHeldUp_ItIsWaitedForUntilItIsHeardAgain()
    {
        long before = Hear(First);
        Advance(4_000);
        _hearing.OnLost(First);
        Beat();
        Assert.Equal(before, _renewals[^1]);
        Assert.Equal(Hear(First), _renewals[^1]);
    }

    [Fact]
    public void Forgotten_IsNotWaitedFor()
    {
        Hear(First);
        Hear(Second);
        Advance(200);
        _hearing.Forget(Second);
        Assert.Equal(Hear(First), _renewals[^1]);
    }

    [Fact]
    public void ReplicaIsSought_NobodyIsHeardAsOfLaterUntilTheNextStepOrItsTime()
    {
        long before = Hear(First);
        _hearing.OnEvent(new SentinelEvent("+failover-state-select-slave", "master m 10.0.0.1 6379"));
        Advance(10);
        Hear(First);
        Assert.Equal(before, _renewals[^1]);
        _hearing.OnEvent(new SentinelEvent("+failover-state-send-slaveof-noone", "slave x 10.0.0.2 6379 @ m 10.0.0.1 6379"));
        Advance(10);
        Assert.Equal(Hear(First), _renewals[^1]);

        before = _renewals[^1];
        _hearing.OnEvent(new SentinelEvent("+failover-state-select-slave", "master m 10.0.0.1 6379"));
        for (int i = 0; i < 3; i++)
        {
            Beat();
            Hear(First);
            Assert.Equal(before, _renewals[^1]);
        }

        Beat();
        Assert.Equal(Hear(First), _renewals[^1]);
    }

    [Fact]
    public void Lease_CountsHowOftenItRanOutAndNeverGoesBack()
    {
        var lease = new Lease(_clock);
        Advance(1_000);
        Assert.Equal(TimeSpan.Zero, lease.Renew(_clock.GetTimestamp()));
        long asOf = lease.AsOf;
        Advance(90);
        Assert.Equal(TimeSpan.Zero, lease.Renew(_clock.GetTimestamp()));
        Assert.Equal(TimeSpan.Zero, lease.Renew(asOf));
        Assert.True(lease.AsOf > asOf);
        Advance(350);
        Assert.InRange(lease.Renew(_clock.GetTimestamp()).TotalMilliseconds, 249, 251);
        Assert.Equal(1, lease.Lapses);
    }

    [Fact]
    public void Lease_QuietForTenSeconds_RestsUntilItIsNeededAndARestIsNoLapse()
    {
        int needed = 0;
        var lease = new Lease(_clock) { OnNeeded = () => needed++ };
        lease.Renew(_clock.GetTimestamp());
        Advance(9_999);
        lease.Need();
        Advance(9_999);
        Assert.False(lease.TryRest());
        Advance(2);
        Assert.True(lease.TryRest());
        Assert.True(lease.IsResting);
        lease.Renew(_clock.GetTimestamp());
        Advance(1_000);
        lease.Renew(_clock.GetTimestamp());
        Advance(1_000);
        lease.Need();
        lease.Need();
        Assert.Equal((1, false), (needed, lease.IsResting));
        lease.Renew(_clock.GetTimestamp());
        Assert.Equal(0, lease.Lapses);
        Assert.False(lease.TryRest());
        Advance(500);
        lease.Renew(_clock.GetTimestamp());
        Assert.Equal(1, lease.Lapses);
    }

    [Fact]
    public void OnBeat_NobodyNeedsTheLease_IsNotCalledAgain()
    {
        Assert.Equal(Lease.Beat, _hearing.OnBeat());
        Advance(10_000);
        Assert.Null(_hearing.OnBeat());
    }

    private void Advance(int milliseconds) => _clock.Advance(TimeSpan.FromMilliseconds(milliseconds));

    private void Beat()
    {
        _clock.Advance(Lease.Beat);
        _hearing.OnBeat();
    }

    private long Hear(HostEndpoint sentinel)
    {
        long asOf = _clock.GetTimestamp();
        _hearing.OnHeard(sentinel, asOf);
        return asOf;
    }
}
