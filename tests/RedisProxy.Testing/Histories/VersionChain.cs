namespace RedisProxy.Testing.Histories;

/// <summary>
/// A place written by one connection only, with versions numbered in the order of sending: a key, or the tail of a list. Each observation
/// tells the fate of earlier versions: an acknowledged one newer than the observed one was lost, a denied one must not be visible, and a
/// vanished one must not come back.
/// </summary>
internal sealed class VersionChain(string subject, Func<int, string> nameOf, Action<LostAcknowledgement> lost)
{
    private const int MaxKept = 256;

    private readonly List<Version> _versions = [];
    private int _next = 1;

    /// <summary>The number of a version about to be sent.</summary>
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

    /// <summary>This version is the latest one present now. 0: there is none.</summary>
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
