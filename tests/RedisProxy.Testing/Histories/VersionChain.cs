namespace RedisProxy.Testing.Histories;

/// <summary>
/// One place that only one connection writes, with versions that are numbered as they are sent: a key, or the tail of a list. What is
/// seen there says what became of every version before: one that was acknowledged and is behind what is seen was lost, one that was
/// denied must not be seen, and one that was gone must not come back.
/// </summary>
internal sealed class VersionChain(string subject, Func<int, string> nameOf, Action<LostAcknowledgement> lost)
{
    private const int MaxKept = 256;

    private readonly List<Version> _versions = [];
    private int _next = 1;

    /// <summary>The number of a version that is about to be sent.</summary>
    public int Add()
    {
        _versions.Add(new Version(_next));
        if (_versions.Count > MaxKept)
        {
            _versions.RemoveAt(0);
        }

        return _next++;
    }

    public void Settle(int number, Settlement settlement)
    {
        if (_versions.Find(v => v.Number == number) is { } version)
        {
            version.Settlement = settlement;
        }
    }

    /// <summary>This version is the latest that is there now. 0: there is none.</summary>
    public Finding? Observe(int number)
    {
        int found = _versions.FindIndex(v => v.Number == number);
        if (found < 0 && number != 0)
        {
            return new Finding(ViolationKind.Misplaced, $"{nameOf(number)} was not written to {subject} in the last {MaxKept} times");
        }

        Finding? finding = found < 0 ? null : JudgeSeen(_versions[found]);
        foreach (Version later in _versions.Skip(found + 1).Where(v => v is { Settlement: not null, IsGone: false }))
        {
            later.IsGone = true;
            if (later.Settlement is { Outcome: WriteOutcome.Acknowledged } told)
            {
                string seen = number == 0 ? "nothing" : nameOf(number);
                lost(new LostAcknowledgement(
                    nameOf(later.Number), told.SentAt, told.AnsweredAt, $"{subject} had {seen} afterwards") { Subject = subject });
            }
        }

        return finding;
    }

    private Finding? JudgeSeen(Version seen)
    {
        string name = nameOf(seen.Number);
        if (seen.Settlement is { Outcome: WriteOutcome.NotExecuted or WriteOutcome.OtherError, Error: { } error })
        {
            return new Finding(ViolationKind.Phantom, $"{name} is in {subject}, and was answered {error}");
        }

        return seen.IsGone ? new Finding(ViolationKind.Reordered, $"{name} is in {subject}, and was not there before") : null;
    }

    private sealed class Version(int number)
    {
        public int Number { get; } = number;

        public Settlement? Settlement { get; set; }

        public bool IsGone { get; set; }
    }
}
