namespace RedisProxy.Testing.Histories;

/// <summary>A counter incremented by one connection only: each reply tells how many increments have been executed.</summary>
internal sealed class OwnCounter(string key, Action<LostAcknowledgement> lost)
{
    private const int MaxKept = 256;

    private readonly Queue<(long Value, Settlement Told)> _acknowledged = new();
    private readonly Queue<long> _judged = new();
    private long _last;
    private long _maybe;

    public string Key => key;

    public Request Increment() => new("INCR", key) { Subject = key, Judge = Judge, Settled = Settle };

    private Finding? Judge(RawReply reply)
    {
        if (reply.Kind != ':')
        {
            return Replies.Expect(false, "an integer");
        }

        long answer = reply.Number;
        if (answer < 1)
        {
            return Replies.Expect(false, "a positive integer");
        }

        if (answer > _last + _maybe + 1)
        {
            return new Finding(ViolationKind.Duplicate, $"{key} is at most {_last + _maybe + 1} now");
        }

        foreach ((long value, Settlement told) in _acknowledged.Where(a => a.Value >= answer))
        {
            lost(new LostAcknowledgement($"{key} = {value}", told.SentAt, told.AnsweredAt, $"counted as {answer} afterwards")
            {
                Subject = key,
            });
        }

        while (_acknowledged.Count >= MaxKept || _acknowledged.Any(a => a.Value >= answer))
        {
            // After a loss it continues from this value.
            _acknowledged.Dequeue();
        }

        // Now, not when it is settled: a transaction judges all its replies first.
        _judged.Enqueue(answer);
        _last = answer;
        _maybe = 0;
        return null;
    }

    private void Settle(Settlement settlement)
    {
        if (settlement.Outcome == WriteOutcome.Acknowledged && _judged.TryDequeue(out long answer))
        {
            _acknowledged.Enqueue((answer, settlement));
        }
        else if (settlement.Outcome is WriteOutcome.Unknown or WriteOutcome.Broken)
        {
            _maybe++;
        }
    }
}
