namespace RedisProxy.Topology;

/// <summary>
/// The failovers of one master since the start: all counted, the last ones kept. Their timeline is written by the source of the master,
/// their cost by the data plane. Any thread.
/// </summary>
internal sealed class FailoverHistory
{
    public const int MaxRecords = 20;

    /// <summary>From a planned failover in a quick deployment to one that took the Sentinels several attempts. Milliseconds.</summary>
    public static readonly int[] DurationBoundsMs =
        [250, 500, 1000, 2000, 3000, 5000, 7500, 10_000, 15_000, 20_000, 30_000, 60_000, 180_000];

    private static readonly int Kinds = Enum.GetValues<FailoverKind>().Length;

    private readonly Lock _changing = new();
    private readonly long[] _counts = new long[Kinds];
    private readonly DurationHistogram[] _durations = [.. Enumerable.Range(0, Kinds).Select(_ => new DurationHistogram(DurationBoundsMs))];
    private readonly RequestCost[] _costs = [.. Enumerable.Repeat(RequestCost.None, Kinds)];
    private volatile FailoverRecord[] _last = [];

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<FailoverRecord> Last => _last;

    /// <summary>A record gets its cost, soon after its master takes requests: someone counts it.</summary>
    public bool IsCounted { get; set; }

    /// <summary>Failovers whose master was accepted or came back; the record shows whether it became available.</summary>
    public long CountOf(FailoverKind kind) => Interlocked.Read(ref _counts[(int)kind]);

    /// <summary>From the first sign until the master takes requests, of the completed ones.</summary>
    public DurationHistogram DurationsOf(FailoverKind kind) => _durations[(int)kind];

    /// <summary>The cost of all of them together.</summary>
    public RequestCost CostOf(FailoverKind kind) => Volatile.Read(ref _costs[(int)kind]);

    public FailoverRecord Add(FailoverRecord record)
    {
        lock (_changing)
        {
            if (record.AvailableAfter is { } availableAfter)
            {
                CountDuration(record.Kind, availableAfter);
            }

            if (record.Cost is { } cost)
            {
                CountCost(record.Kind, cost);
            }

            Interlocked.Increment(ref _counts[(int)record.Kind]);
            FailoverRecord added = record with { Number = _counts.Sum() };
            _last = [.. _last.TakeLast(MaxRecords - 1), added];
            return added;
        }
    }

    /// <summary>The newest failover's master has become available.</summary>
    public void Complete(TimeSpan availableAfter)
    {
        lock (_changing)
        {
            // A hold that had come to nothing, or a pause, may have been added behind it.
            FailoverRecord[] last = [.. _last];
            int at = Array.FindLastIndex(last, static record => record.IsFailover);
            if (at >= 0 && last[at].AvailableAfter is null)
            {
                last[at] = last[at] with { AvailableAfter = availableAfter };
                _last = last;
                CountDuration(last[at].Kind, availableAfter);
            }
        }
    }

    /// <summary>The cost of the newest completed record that has none yet is known. A failover comes before a hold without one.</summary>
    /// <param name="isOf">It is of the outage that has cost this, and not of an earlier one.</param>
    /// <param name="costOf">Receives that record.</param>
    /// <returns>The record with its cost; null: there is no such record.</returns>
    public FailoverRecord? Settle(Predicate<FailoverRecord> isOf, Func<FailoverRecord, FailoverCost> costOf)
    {
        lock (_changing)
        {
            FailoverRecord[] last = [.. _last];
            bool IsOpen(FailoverRecord record) => record is { AvailableAfter: not null, Cost: null } && isOf(record);
            int at = Array.FindLastIndex(last, record => record.IsFailover && IsOpen(record));
            at = at < 0 ? Array.FindLastIndex(last, IsOpen) : at;
            if (at < 0)
            {
                return null;
            }

            FailoverCost cost = costOf(last[at]);
            last[at] = last[at] with { Cost = cost };
            CountCost(last[at].Kind, cost);
            _last = last;
            return last[at];
        }
    }

    private void CountDuration(FailoverKind kind, TimeSpan duration) => DurationsOf(kind).Add((long)duration.TotalMilliseconds);

    private void CountCost(FailoverKind kind, FailoverCost cost) => Volatile.Write(ref _costs[(int)kind], _costs[(int)kind] + cost.Total);
}
