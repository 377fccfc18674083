using RedisProxy.Testing;
using RedisProxy.Testing.Histories;

namespace RedisProxy.ProcessTests.Histories;

public sealed class QueueLedgerTests
{
    private const string Queue = "db0:queue:0";

    private readonly QueueLedger _ledger = new();
    private readonly FaultLog _faults = new();
    private readonly List<Violation> _violations = [];
    private readonly List<LostAcknowledgement> _lost = [];

    [Fact]
    public void Check_DeliveredOnceOrStillThere_IsHonest()
    {
        _ledger.Pushed(Queue, "a", Told(WriteOutcome.Acknowledged, 1));
        _ledger.Popped("a", Told(WriteOutcome.Acknowledged, 2));
        _ledger.Pushed(Queue, "b", Told(WriteOutcome.Unknown, 3));
        _ledger.Pushed(Queue, "c", Told(WriteOutcome.NotExecuted, 4));
        Check("b");
        Assert.Empty(_violations);
        Assert.Empty(_lost);
    }

    [Fact]
    public void Check_DeliveredTwice_IsDuplicate()
    {
        _ledger.Pushed(Queue, "a", Told(WriteOutcome.Acknowledged, 1));
        _ledger.Popped("a", Told(WriteOutcome.Acknowledged, 2));
        _ledger.Popped("a", Told(WriteOutcome.Acknowledged, 3));
        Check();
        LostAcknowledgement lost = Assert.Single(_lost);
        Assert.Equal((ViolationKind.Duplicate, 2.0), (lost.Kind, lost.AnsweredAt.TotalSeconds));
    }

    [Fact]
    public void Check_DeliveredAndStillThere_IsDuplicate()
    {
        _ledger.Pushed(Queue, "a", Told(WriteOutcome.Acknowledged, 1));
        _ledger.Popped("a", Told(WriteOutcome.Acknowledged, 2));
        Check("a");
        Assert.Equal(ViolationKind.Duplicate, Assert.Single(_lost).Kind);
    }

    [Fact]
    public void Check_DeniedAndDelivered_IsPhantom()
    {
        _ledger.Pushed(Queue, "a", Told(WriteOutcome.NotExecuted, 1));
        _ledger.Popped("a", Told(WriteOutcome.Acknowledged, 2));
        Check();
        Assert.Equal(ViolationKind.Phantom, Assert.Single(_violations).Kind);
    }

    [Fact]
    public void Check_NeverPushedAndThere_IsPhantom()
    {
        Check("a");
        Assert.Equal(ViolationKind.Phantom, Assert.Single(_violations).Kind);
    }

    [Theory]
    [InlineData(0, 2)]
    [InlineData(1, 1)]
    [InlineData(2, 0)]
    public void Check_MissingElements_AreLostUnlessAnUnknownPopMayHaveTakenThem(int unknownPops, int lost)
    {
        _ledger.Pushed(Queue, "a", Told(WriteOutcome.Acknowledged, 1));
        _ledger.Pushed(Queue, "b", Told(WriteOutcome.Acknowledged, 2));
        for (int i = 0; i < unknownPops; i++)
        {
            _ledger.PopIsUnknown(Queue);
        }

        Check();
        Assert.Equal(lost, _lost.Count);
    }

    /// <summary>A fault excuses what nothing else explains: a listener that loses nothing may still have pops of unknown outcome.</summary>
    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    public void Check_MissingInTheMomentOfAFault_IsLostUnlessAnUnknownPopMayHaveTakenIt(int unknownPops, int lost)
    {
        _ledger.Pushed(Queue, "a", Told(WriteOutcome.Acknowledged, 1));
        _faults.AddStop(FaultKind.Zombie, TimeSpan.FromSeconds(0.9), TimeSpan.FromSeconds(1.1));
        for (int i = 0; i < unknownPops; i++)
        {
            _ledger.PopIsUnknown(Queue);
        }

        Check();
        Assert.Equal(lost, _lost.Count);
    }

    private static Settlement Told(WriteOutcome outcome, double seconds) =>
        new(outcome, "", TimeSpan.FromSeconds(seconds - 0.5), TimeSpan.FromSeconds(seconds));

    private void Check(params string[] left) => _ledger.Check(
        new Dictionary<string, IReadOnlyList<string>> { [Queue] = left }, _faults, _violations.Add, _lost.Add);
}
