namespace RedisProxy.Testing.Histories;

/// <summary>
/// WATCH (perhaps), MULTI, commands, EXEC or DISCARD: all or nothing. Only the reply to EXEC settles what was queued; if EXEC was never
/// sent, none of it may ever be visible.
/// </summary>
internal sealed class Transaction
{
    private readonly List<(Func<RawReply, Finding?> Judge, Action<Settlement>? Settled)> _queued = [];
    private bool _isSettled;

    public bool HasWatch { get; private set; }

    /// <summary>A request before EXEC got an error; then EXEC cannot succeed.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>EXEC or DISCARD was sent.</summary>
    public bool IsEnding { get; private set; }

    public Request Watch(string key)
    {
        HasWatch = true;
        return new Request("WATCH", key) { Subject = key, Transaction = this, Judge = Replies.Ok, Settled = NoteFailure };
    }

    /// <summary>A read between WATCH and MULTI.</summary>
    public Request Within(Request read) =>
        new([.. read.Words]) { Subject = read.Subject, Transaction = this, Judge = read.Judge, Settled = read.Settled, IsRead = true };

    public Request Multi() => new("MULTI") { Transaction = this, Judge = Replies.Ok, Settled = NoteFailure };

    /// <summary>Wraps a request: the reply is QUEUED, and its own reply is part of EXEC's.</summary>
    public Request Queue(Request request)
    {
        _queued.Add((request.Judge, request.Settled));
        return new Request([.. request.Words])
        {
            Subject = request.Subject, Transaction = this, Judge = reply => Replies.Line(reply, "QUEUED"), Settled = NoteFailure,
        };
    }

    public Request Exec() => new("EXEC") { Transaction = this, EndsTransaction = true, Judge = JudgeExec, Settled = Settle };

    public Request Discard() => new("DISCARD")
    {
        Transaction = this,
        EndsTransaction = true,
        Judge = Replies.Ok,
        Settled = s => Settle(s with { Outcome = WriteOutcome.OtherError, Error = "DISCARD" }),
    };

    public void Sent(Request request) => IsEnding |= request.EndsTransaction;

    /// <summary>The connection ended. Without EXEC nothing can have been executed.</summary>
    public void Abandon(TimeSpan at)
    {
        if (!IsEnding)
        {
            Settle(new Settlement(WriteOutcome.OtherError, "no EXEC", at, at));
        }
    }

    private void NoteFailure(Settlement settlement) => HasFailed |= settlement.Outcome != WriteOutcome.Acknowledged;

    private Finding? JudgeExec(RawReply reply)
    {
        if (reply.IsNull)
        {
            return HasWatch ? null : new Finding(ViolationKind.Misplaced, "null is for transactions that watch");
        }

        if (reply.Kind != '*' || reply.Items.Count != _queued.Count)
        {
            return new Finding(ViolationKind.Misplaced, $"expected an array of {_queued.Count}");
        }

        if (HasFailed)
        {
            return new Finding(ViolationKind.Misplaced, "executed, although a part of it was answered with an error");
        }

        IEnumerable<Finding?> findings = _queued.Zip(reply.Items).Select(pair => pair.Second.IsError
            ? new Finding(ViolationKind.Misplaced, "an error in a transaction")
            : pair.First.Judge(pair.Second));
        return findings.FirstOrDefault(finding => finding is not null);
    }

    private void Settle(Settlement settlement)
    {
        if (_isSettled)
        {
            return;
        }

        _isSettled = true;
        foreach ((_, Action<Settlement>? settled) in _queued)
        {
            settled?.Invoke(settlement);
        }
    }
}
