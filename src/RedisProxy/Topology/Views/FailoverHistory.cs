using System.Net;

namespace RedisProxy.Topology;

/// <summary>The kind of outage, as an operator would call it.</summary>
internal enum FailoverKind
{
    /// <summary>Requested by an operator: the old master was healthy.</summary>
    Planned,

    /// <summary>The old master was lost, and another one took over.</summary>
    Unplanned,

    /// <summary>The same master came back at the same address.</summary>
    Restart,
}

/// <summary>The timeline of one failover. The offsets are relative to <see cref="FirstSignAt"/> and independent of the wall
/// clock.</summary>
internal sealed record FailoverRecord
{
    /// <summary>1 for the first since the start; grows by one.</summary>
    public long Number { get; init; }

    public required FailoverKind Kind { get; init; }

    /// <summary>An event, a failed probe, a suspicion, a flag: whichever came first.</summary>
    public required DateTimeOffset FirstSignAt { get; init; }

    /// <summary>When the new master was accepted, and so the old one fenced; null for a restart.</summary>
    public TimeSpan? AcceptedAfter { get; init; }

    /// <summary>When it was confirmed to take requests; null until then.</summary>
    public TimeSpan? AvailableAfter { get; init; }

    public required IPEndPoint Old { get; init; }

    public required IPEndPoint New { get; init; }

    public long Epoch { get; init; }

    /// <summary>The Sentinels that reported it.</summary>
    public string Who { get; init; } = "";
}

/// <summary>
/// The failovers of one master since the start: all counted, the last ones kept. Written by its source, read from any thread.
/// </summary>
internal sealed class FailoverHistory
{
    public const int MaxRecords = 16;

    /// <summary>From a planned failover in a quick deployment to one that took the Sentinels several attempts. Milliseconds.</summary>
    public static readonly int[] DurationBoundsMs =
        [250, 500, 1000, 2000, 3000, 5000, 7500, 10_000, 15_000, 20_000, 30_000, 60_000, 180_000];

    private readonly long[] _counts = new long[Enum.GetValues<FailoverKind>().Length];
    private readonly DurationHistogram[] _durations =
        [.. Enum.GetValues<FailoverKind>().Select(_ => new DurationHistogram(DurationBoundsMs))];

    private volatile FailoverRecord[] _last = [];

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<FailoverRecord> Last => _last;

    /// <summary>Failovers whose master was accepted or came back; the record shows whether it became available.</summary>
    public long CountOf(FailoverKind kind) => Interlocked.Read(ref _counts[(int)kind]);

    /// <summary>From the first sign until the master takes requests, of the completed ones.</summary>
    public DurationHistogram DurationsOf(FailoverKind kind) => _durations[(int)kind];

    public void Add(FailoverRecord record)
    {
        if (record.AvailableAfter is { } availableAfter)
        {
            CountDuration(record.Kind, availableAfter);
        }

        Interlocked.Increment(ref _counts[(int)record.Kind]);
        long number = _counts.Sum();
        _last = [.. _last.TakeLast(MaxRecords - 1), record with { Number = number }];
    }

    /// <summary>The newest failover's master has become available.</summary>
    public void Complete(TimeSpan availableAfter)
    {
        FailoverRecord[] last = _last;
        if (last.Length > 0 && last[^1].AvailableAfter is null)
        {
            _last = [.. last[..^1], last[^1] with { AvailableAfter = availableAfter }];
            CountDuration(last[^1].Kind, availableAfter);
        }
    }

    private void CountDuration(FailoverKind kind, TimeSpan duration) => DurationsOf(kind).Add((long)duration.TotalMilliseconds);
}
