using RedisProxy.Audit;
using RedisProxy.Configuration;
using RedisProxy.Topology;

namespace RedisProxy.Notify;

/// <summary>One message to the receivers. Immutable. The fields besides the text depend on the event.</summary>
internal sealed record Notification
{
    /// <summary>The same in every attempt to deliver it, and unique otherwise; receivers can recognise duplicates by it.</summary>
    public required string Id { get; init; }

    public required NotifyEvent Event { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Null: it concerns no single master.</summary>
    public string? Master { get; init; }

    /// <summary>The present master, as announced; null while none is known.</summary>
    public HostEndpoint? Address { get; init; }

    /// <summary>The whole message in one sentence, for people.</summary>
    public required string Text { get; init; }

    /// <summary>For <see cref="NotifyEvent.FailoverFinished"/> and <see cref="NotifyEvent.MasterUp"/>.</summary>
    public FailoverReport? Failover { get; init; }

    /// <summary>For an outage that lasts, or was aborted.</summary>
    public OutageReport? Outage { get; init; }

    public SentinelCount? Sentinels { get; init; }

    public ReplicaReport? Replica { get; init; }

    /// <summary>For <see cref="NotifyEvent.DriftFound"/>: the new ones.</summary>
    public IReadOnlyList<Finding> Findings { get; init; } = [];
}

/// <summary>A completed failover.</summary>
/// <param name="Record">Its timeline; the last one of several in one outage.</param>
/// <param name="Old">The previous master, as it was announced.</param>
/// <param name="New">The present master, as announced.</param>
internal sealed record FailoverReport(FailoverRecord Record, HostEndpoint Old, HostEndpoint New);

/// <param name="Since">When the master stopped taking requests.</param>
/// <param name="Lasted">Until now, or until it took them again.</param>
/// <param name="Availability">The present one; of an outage that is over, the one that it began with.</param>
/// <param name="Reason">What is missing, or what it began with.</param>
internal sealed record OutageReport(DateTimeOffset Since, TimeSpan Lasted, Availability Availability, string Reason);

/// <param name="Known">The number of known Sentinels.</param>
/// <param name="Connected">How many of them this proxy reaches.</param>
internal sealed record SentinelCount(int Known, int Connected)
{
    public bool IsMajority => Connected > Known / 2;
}

/// <param name="Address">As announced.</param>
/// <param name="Reason">Its problem, present or past.</param>
internal sealed record ReplicaReport(HostEndpoint Address, string Reason);

/// <summary>
/// Something that lasts. Each receiver is notified of it once, after the delay that it has configured, and not at all if it is over by
/// then.
/// </summary>
/// <param name="Id">Unique, and constant while it lasts.</param>
/// <param name="Lasted">So far.</param>
/// <param name="Event">The present event. It may change: a master is down, and then a failover begins.</param>
/// <param name="Master">Null: it concerns no single master.</param>
internal sealed record Ongoing(long Id, TimeSpan Lasted, NotifyEvent Event, string? Master, Func<Notification> Tell);

/// <summary>Ids for messages, and for what lasts. Any thread.</summary>
internal sealed class NotificationIds
{
    // Several proxies notify the same receiver, and each of them starts counting again after a restart.
    private readonly string _process = Guid.NewGuid().ToString("N")[..12];
    private long _messages;
    private long _ongoing;

    public string NextMessage() => FormattableString.Invariant($"{_process}-{Interlocked.Increment(ref _messages)}");

    public long NextOngoing() => Interlocked.Increment(ref _ongoing);
}
