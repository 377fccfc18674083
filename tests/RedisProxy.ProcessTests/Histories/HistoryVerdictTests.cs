using RedisProxy.Testing;
using RedisProxy.Testing.Histories;

namespace RedisProxy.ProcessTests.Histories;

/// <summary>Histories made by hand, with one dishonesty each: the check must find it. An honest one passes.</summary>
public sealed class HistoryVerdictTests
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(10);

    private readonly HistoryLog _log = new();
    private readonly Identity _identity = new(Connection: 1, Database: 2, IsResp3: false, HasUser: false);
    private readonly ConnectionOracle _oracle;
    private readonly OwnData _own;
    private readonly List<string> _stored = [];
    private TimeSpan _now = TimeSpan.FromSeconds(1);

    public HistoryVerdictTests()
    {
        _oracle = new ConnectionOracle(_log, _identity);
        _own = new OwnData(_log, _identity.Database, _oracle.Lost);
    }

    [Fact]
    public void Verdict_EveryOutcomeAsItMayBe_IsHonest()
    {
        Say(_own.Push(), ":1\r\n");
        Say(_own.Push(), "-LOADING RedisProxy: no master is available for 'm', the command was not executed\r\n");
        Say(_own.Push(), "-IOERR RedisProxy: the outcome of the command is unknown\r\n");
        Say(_own.Push(), "-IOERR RedisProxy: the outcome of the command is unknown\r\n");
        Say(_own.PushByScript(), "$4\r\nw1-5\r\n");
        Say(_own.ReadTail(), Array("w1-1", "w1-4", "w1-5"));
        Say(_own.Count(), ":1\r\n");
        Say(_own.Count(), "-IOERR unknown\r\n");
        Say(_own.Count(), ":3\r\n");
        Say(_own.Exchange(), "$-1\r\n");
        Say(_own.Exchange(), Bulk("db2:value:1#1"));
        Say(_identity.AskName(), Bulk("history-1"));
        _stored.AddRange(["w1-1", "w1-4", "w1-5"]);
        HistoryVerdict verdict = Judge();
        Assert.True(verdict.IsHonest, verdict.Describe());
        Assert.Equal(8, _log.Count(WriteOutcome.Acknowledged));
        Assert.Equal((1, 3), (_log.Count(WriteOutcome.NotExecuted), _log.Count(WriteOutcome.Unknown)));
    }

    [Fact]
    public void Verdict_AcknowledgedAndGone_IsLost()
    {
        Say(_own.Push(), ":1\r\n");
        Say(_own.Push(), ":2\r\n");
        _stored.Add("w1-1");
        Violation violation = AssertOne(ViolationKind.Lost);
        Assert.Contains("w1-2", violation.Text, StringComparison.Ordinal);
        Assert.Equal(2, violation.History.Count);
    }

    [Fact]
    public void Verdict_GoneInTheMomentOfAKill_IsCountedAndNoViolation()
    {
        _log.Faults.AddStop(FaultKind.Kill, _now + Step, _now + (Step * 2));
        Say(_own.Push(), ":1\r\n");
        HistoryVerdict verdict = Judge();
        Assert.True(verdict.IsHonest, verdict.Describe());
        Assert.Equal(1, verdict.Excused[FaultKind.Kill]);
    }

    [Fact]
    public void Verdict_SentAfterTheMasterWasFrozenAndGone_IsLost()
    {
        // What a zombie acknowledges.
        _log.Faults.AddStop(FaultKind.Zombie, _now - Step, _now);
        Say(_own.Push(), ":1\r\n");
        AssertOne(ViolationKind.Lost);
    }

    [Fact]
    public void Verdict_SoManyGoneThatNoMomentExplainsIt_IsLost()
    {
        for (int i = 0; i < 100; i++)
        {
            Send(_own.Push());
        }

        _log.Faults.AddStop(FaultKind.Kill, _now, _now + Step);
        for (int i = 0; i < 100; i++)
        {
            _oracle.Received(ReplyText.Parse($":{i + 1}\r\n"), _now);
        }

        AssertOne(ViolationKind.Lost);
    }

    [Fact]
    public void Verdict_AcknowledgedAndNotInTheNextRead_IsLostOrStale()
    {
        Say(_own.Push(), ":1\r\n");
        Say(_own.Push(), ":2\r\n");
        Say(_own.ReadTail(), Array("w1-1"));
        _stored.AddRange(["w1-1", "w1-2"]);
        AssertOne(ViolationKind.Lost);
    }

    [Theory]
    [InlineData("-LOADING not executed\r\n")]
    [InlineData("-READONLY You can't write against a read only replica.\r\n")]
    public void Verdict_DeniedAndThere_IsPhantom(string denial)
    {
        Say(_own.Push(), denial);
        _stored.Add("w1-1");
        AssertOne(ViolationKind.Phantom);
    }

    [Fact]
    public void Verdict_QueuedWithoutExecAndThere_IsPhantom()
    {
        var transaction = new Transaction();
        Say(transaction.Multi(), "+OK\r\n");
        Say(transaction.Queue(_own.Push()), "+QUEUED\r\n");
        _oracle.Ended(byPeer: false, hasPart: false, "closed", _now);
        _stored.Add("w1-1");
        AssertOne(ViolationKind.Phantom);
    }

    [Fact]
    public void Verdict_OutsideItsTransaction_IsMisplaced()
    {
        var transaction = new Transaction();
        Say(transaction.Multi(), "-LOADING not executed\r\n");
        Say(transaction.Queue(_own.Push()), ":1\r\n");
        AssertOne(ViolationKind.Misplaced);
    }

    [Fact]
    public void Verdict_PartOfATransaction_IsMisplaced()
    {
        var transaction = new Transaction();
        Say(transaction.Multi(), "+OK\r\n");
        Say(transaction.Queue(_own.Push()), "+QUEUED\r\n");
        Say(transaction.Queue(_own.Push()), "-LOADING not executed\r\n");
        Say(transaction.Exec(), "*1\r\n:1\r\n");
        _stored.Add("w1-1");
        Assert.Contains(Judge().Violations, v => v.Kind == ViolationKind.Misplaced);
    }

    [Fact]
    public void Verdict_TransactionThatDidNotRun_IsHonestWhenNothingOfItIsThere()
    {
        string[] answers = ["*-1\r\n", "-EXECABORT Transaction discarded\r\n", "-IOERR unknown\r\n", "-LOADING not executed\r\n"];
        foreach (string answer in answers)
        {
            var transaction = new Transaction();
            Say(transaction.Watch(_own.Watched.Key), "+OK\r\n");
            Say(transaction.Multi(), "+OK\r\n");
            Say(transaction.Queue(_own.Push()), "+QUEUED\r\n");
            Say(transaction.Exec(), answer);
        }

        HistoryVerdict verdict = Judge();
        Assert.True(verdict.IsHonest, verdict.Describe());
    }

    [Fact]
    public void Verdict_NullOfATransactionThatWatchesNothing_IsMisplaced()
    {
        var transaction = new Transaction();
        Say(transaction.Multi(), "+OK\r\n");
        Say(transaction.Exec(), "*-1\r\n");
        AssertOne(ViolationKind.Misplaced);
    }

    [Fact]
    public void Verdict_ThereTwice_IsDuplicate()
    {
        Say(_own.Push(), "-IOERR unknown\r\n");
        Say(_own.Push(), ":3\r\n");
        _stored.AddRange(["w1-1", "w1-2", "w1-1"]);
        AssertOne(ViolationKind.Duplicate);
    }

    [Fact]
    public void Verdict_CountedMoreThanSent_IsDuplicate()
    {
        Say(_own.Count(), ":1\r\n");
        Say(_own.Count(), "-IOERR unknown\r\n");
        Say(_own.Count(), ":4\r\n");
        AssertOne(ViolationKind.Duplicate);
    }

    [Fact]
    public void Verdict_CountedBackwards_IsLost()
    {
        Say(_own.Count(), ":1\r\n");
        Say(_own.Count(), ":2\r\n");
        Say(_own.Count(), ":2\r\n");
        AssertOne(ViolationKind.Lost);
    }

    [Fact]
    public void Verdict_BehindWhatWasSentLater_IsReordered()
    {
        Say(_own.Push(), "-IOERR unknown\r\n");
        Say(_own.Push(), ":1\r\n");
        _stored.AddRange(["w1-2", "w1-1"]);
        AssertOne(ViolationKind.Reordered);
    }

    [Fact]
    public void Verdict_ReplyOfTheNextRequest_IsMisplaced()
    {
        Send(FixedData.GetSmall(2, new Random(1)));
        Send(_identity.AskName());
        _oracle.Received(ReplyText.Parse(Bulk("history-1")), _now);
        Violation violation = AssertOne(ViolationKind.Misplaced);
        Assert.Contains(violation.History, line => line.Contains("CLIENT GETNAME", StringComparison.Ordinal));
        Assert.True(_oracle.IsSpent);
    }

    [Theory]
    [InlineData("+OK\r\n")]
    [InlineData(">2\r\n$10\r\ninvalidate\r\n*-1\r\n")]
    public void Verdict_ReplyToNothing_IsMisplaced(string reply)
    {
        _oracle.Received(ReplyText.Parse(reply), _now);
        AssertOne(ViolationKind.Misplaced);
    }

    [Theory]
    [InlineData("-NOAUTH Authentication required.\r\n")]
    [InlineData("-IOERR unknown\r\n")]
    [InlineData("$-1\r\n")]
    [InlineData("$5\r\nother\r\n")]
    public void Verdict_ReadThatGetsWhatItCannot_IsMisplaced(string reply)
    {
        Say(FixedData.GetSmall(2, new Random(1)), reply);
        AssertOne(ViolationKind.Misplaced);
    }

    [Theory]
    [InlineData("history-2")]
    [InlineData("")]
    public void Verdict_NameOfAnother_IsMisplaced(string name)
    {
        Say(_identity.AskName(), Bulk(name));
        AssertOne(ViolationKind.Misplaced);
    }

    [Fact]
    public void Verdict_KeyOfAnotherDatabase_IsFound() => AssertOne(ViolationKind.WrongDatabase, (0, "db2:value:1"));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Verdict_ClosedForNoReason_IsAViolation(bool isInFlight)
    {
        if (isInFlight)
        {
            Send(_own.Push());
        }

        _oracle.Ended(byPeer: true, hasPart: false, "FIN", _now);
        AssertOne(ViolationKind.Closed);
        Assert.Equal(1, _log.Closes[isInFlight ? CloseState.InFlight : CloseState.Idle]);
    }

    [Fact]
    public void Verdict_ClosedInTheMiddleOfALargeReply_IsCountedAndNoViolation()
    {
        Send(FixedData.GetLarge(2, new Random(1)));
        _oracle.Ended(byPeer: true, hasPart: true, "RST", _now);
        Assert.True(Judge().IsHonest);
        Assert.Equal(1, _log.Closes[CloseState.Torn]);
    }

    private void Send(Request request) => _oracle.Sent(request, _now += Step);

    private void Say(Request request, string reply)
    {
        Send(request);
        _oracle.Received(ReplyText.Parse(reply), _now += Step);
    }

    private HistoryVerdict Judge(params (int Database, string Key)[] keys) => HistoryVerdict.Of(_log, new StoredState(
        keys, new Dictionary<int, IReadOnlyList<string>> { [1] = _stored }, new Dictionary<string, IReadOnlyList<string>>()));

    private Violation AssertOne(ViolationKind kind, params (int Database, string Key)[] keys)
    {
        HistoryVerdict verdict = Judge(keys);
        Violation violation = Assert.Single(verdict.Violations);
        Assert.True(violation.Kind == kind, verdict.Describe());
        return violation;
    }

    private static string Bulk(string text) => $"${text.Length}\r\n{text}\r\n";

    private static string Array(params string[] items) => $"*{items.Length}\r\n{string.Concat(items.Select(Bulk))}";
}
