namespace RedisProxy.Testing;

/// <summary>
/// The replies to all writes, checked against what is stored. Each writer appends its elements to a list of its own, one after the other,
/// so a list shows what is lost, duplicated, out of place, or late.
/// </summary>
/// <param name="Records">In any order.</param>
/// <param name="ConnectionsBroken">Number of broken connections.</param>
/// <param name="Length">From the first connection to the end; pauses that last until the end count too.</param>
public sealed record WriteHistory(IReadOnlyList<WriteRecord> Records, int ConnectionsBroken, TimeSpan Length)
{
    private static readonly TimeSpan MinPause = TimeSpan.FromMilliseconds(100);

    /// <param name="stored">Current content of each writer's list, by writer.</param>
    public LossReport Compare(IReadOnlyDictionary<int, IReadOnlyList<string>> stored)
    {
        var counts = stored.Values.SelectMany(list => list).GroupBy(element => element).ToDictionary(g => g.Key, g => g.Count());
        var written = Records.ToDictionary(r => WriteRecord.Element(r.Writer, r.Number), r => r.Outcome);
        string[] ByOutcome(bool present, params WriteOutcome[] outcomes) =>
            [.. written.Where(w => outcomes.Contains(w.Value) && counts.ContainsKey(w.Key) == present).Select(w => w.Key)];

        return new LossReport
        {
            Lost = ByOutcome(present: false, WriteOutcome.Acknowledged),
            LastLostAt = Records
                .Where(r => r.Outcome == WriteOutcome.Acknowledged && !counts.ContainsKey(WriteRecord.Element(r.Writer, r.Number)))
                .Select(r => (TimeSpan?)r.AnsweredAt)
                .Max(),
            Phantom =
            [
                .. ByOutcome(present: true, WriteOutcome.NotExecuted, WriteOutcome.OtherError),
                .. counts.Keys.Where(element => !written.ContainsKey(element)),
            ],
            Duplicate = [.. counts.Where(c => c.Value > 1).Select(c => c.Key)],
            OutOfOrder = [.. stored.SelectMany(list => LateElements(list.Key, list.Value))],
            Acknowledged = Count(WriteOutcome.Acknowledged),
            NotExecuted = Count(WriteOutcome.NotExecuted),
            OtherErrors = Count(WriteOutcome.OtherError),
            Unknown = Count(WriteOutcome.Unknown),
            Broken = Count(WriteOutcome.Broken),
            ConnectionsBroken = ConnectionsBroken,
            UnknownPresent = ByOutcome(present: true, WriteOutcome.Unknown, WriteOutcome.Broken).Length,
            UnknownAbsent = ByOutcome(present: false, WriteOutcome.Unknown, WriteOutcome.Broken).Length,
            Errors = Records.Where(r => r.Error.Length > 0).GroupBy(r => r.Error).ToDictionary(g => g.Key, g => g.Count()),
            Pauses = [.. PausesOf(Records).Where(pause => pause.Length >= MinPause)],
            LongestPause = PausesOf(Records).MaxBy(pause => pause.Length),
            LongestPauseOfOne = Records.GroupBy(r => r.Writer).SelectMany(PausesOf).DefaultIfEmpty(new Pause(TimeSpan.Zero, Length))
                .MaxBy(pause => pause.Length),
        };
    }

    private int Count(WriteOutcome outcome) => Records.Count(r => r.Outcome == outcome);

    // A second copy of an element is a duplicate, not a late one.
    private static IEnumerable<string> LateElements(int writer, IReadOnlyList<string> list)
    {
        string prefix = WriteRecord.Element(writer, 0)[..^1];
        int highest = 0;
        foreach (string element in list.Distinct())
        {
            if (!element.StartsWith(prefix, StringComparison.Ordinal) || !int.TryParse(element.AsSpan(prefix.Length), out int number))
            {
                continue;
            }

            if (number < highest)
            {
                yield return element;
            }

            highest = Math.Max(highest, number);
        }
    }

    /// <summary>From one success to the next, and from the last one to the end.</summary>
    private IEnumerable<Pause> PausesOf(IEnumerable<WriteRecord> records)
    {
        TimeSpan last = TimeSpan.Zero;
        IEnumerable<TimeSpan> successes = records.Where(r => r.Outcome == WriteOutcome.Acknowledged).Select(r => r.AnsweredAt).Order();
        foreach (TimeSpan at in successes.Append(Length))
        {
            yield return new Pause(last, at - last);
            last = at;
        }
    }
}
