using System.Net;

using RedisProxy.Configuration;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Topology;

/// <summary>A tracker on a clock that stands still, told what happens.</summary>
internal sealed class TrackerBench
{
    public static readonly MasterCandidate A = Candidate(1, epoch: 1);
    public static readonly MasterCandidate B = Candidate(2, epoch: 2);
    public static readonly FailureSigns OneDoubts = new(IsDoubted: true, IsSaidDown: false, IsFailingOver: false, IsOrdered: false, "s1");
    public static readonly FailureSigns SaidDown = OneDoubts with { IsSaidDown = true, Who = "s1, s2" };
    public static readonly FailureSigns FailingOver = new(IsDoubted: false, IsSaidDown: false, IsFailingOver: true, IsOrdered: true, "s1");

    public TrackerBench(HoldOptions? hold = null, bool isAlone = false) =>
        Tracker = new MasterTracker("m", new PauseRules(hold ?? new HoldOptions()), isAlone, Clock, Log);

    public FakeTimeProvider Clock { get; } = new();

    public RecordingLog Log { get; } = new();

    public MasterTracker Tracker { get; }

    public (long Generation, Availability Availability) State => (Tracker.BuildView().Generation, Tracker.BuildView().Availability);

    public static MasterCandidate Candidate(int number, long epoch)
    {
        var address = new IPEndPoint(IPAddress.Parse($"10.0.0.{number}"), 6379);
        return new MasterCandidate(new HostEndpoint(address.Address.ToString(), address.Port), address, epoch);
    }

    public void Accept(MasterCandidate candidate, string who = "s1")
    {
        Tracker.Accept(candidate, who, "because");
        Tracker.Evaluate();
    }

    public void BeAvailable()
    {
        Accept(A);
        See(ProbeVerdict.Up);
        Tracker.TakeWantsLook();
        Assert.Equal((1, Availability.Available), State);
    }

    public void See(ProbeVerdict verdict, string detail = "", long? covers = null)
    {
        Tracker.OnProbe(new ProbeReport(Tracker.Generation, verdict, detail, covers ?? Tracker.Suspicions.Newest));
        Tracker.Evaluate();
    }

    public void Sign(FailureSigns signs)
    {
        Tracker.SetSigns(signs);
        Tracker.Evaluate();
    }

    public void PassTime(TimeSpan time)
    {
        Clock.Advance(time);
        Tracker.Evaluate();
    }
}
