using RedisProxy.Audit;
using RedisProxy.Configuration;
using RedisProxy.Topology;

namespace RedisProxy.Notify;

/// <summary>One message to whoever wants to know. Immutable. What there is beside the text depends on the event.</summary>
internal sealed record Notification
{
    /// <summary>The same in every attempt to deliver it, and never again; receivers can tell by it what they have already.</summary>
    public required string Id { get; init; }

    public required NotifyEvent Event { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Null: it concerns no single master.</summary>
    public string? Master { get; init; }

    /// <summary>The master as of now, as it is announced; null while none is known.</summary>
    public HostEndpoint? Address { get; init; }

    /// <summary>All of it in a sentence, for people.</summary>
    public required string Text { get; init; }

    /// <summary>Of <see cref="NotifyEvent.FailoverFinished"/> and <see cref="NotifyEvent.MasterUp"/>.</summary>
    public FailoverReport? Failover { get; init; }

    /// <summary>Of what lasts, or has been given up.</summary>
    public OutageReport? Outage { get; init; }

    public SentinelCount? Sentinels { get; init; }

    public ReplicaReport? Replica { get; init; }

    /// <summary>Of <see cref="NotifyEvent.DriftFound"/>: the new ones.</summary>
    public IReadOnlyList<Finding> Findings { get; init; } = [];
}

/// <summary>A failover that is over.</summary>
/// <param name="Record">Its timeline. Of several in one outage the last one.</param>
/// <param name="Old">The master of before, as it was announced.</param>
/// <param name="New">The master now, as it is announced.</param>
internal sealed record FailoverReport(FailoverRecord Record, HostEndpoint Old, HostEndpoint New);

/// <param name="Since">When the master stopped taking requests.</param>
/// <param name="Lasted">Until now, or until it took them again.</param>
/// <param name="Availability">Now; of an outage that is over, the one that it began with.</param>
/// <param name="Reason">What is waited for, or what it began with.</param>
internal sealed record OutageReport(DateTimeOffset Since, TimeSpan Lasted, Availability Availability, string Reason);

/// <param name="Known">How many there are.</param>
/// <param name="Connected">How many of them this proxy reaches.</param>
internal sealed record SentinelCount(int Known, int Connected)
{
    public bool IsMajority => Connected > Known / 2;
}

/// <param name="Address">As it is announced.</param>
/// <param name="Reason">What is wrong with it, or was.</param>
internal sealed record ReplicaReport(HostEndpoint Address, string Reason);

/// <summary>
/// Something that lasts. Each receiver is told of it once, when it has lasted as long as that receiver wants, and not at all when it is
/// over by then.
/// </summary>
/// <param name="Id">Of this one, as long as it lasts.</param>
/// <param name="Lasted">So far.</param>
/// <param name="Event">What it is called now. It may change: a master is down, and then a failover begins.</param>
/// <param name="Master">Null: it concerns no single one.</param>
/// <param name="Tell">Makes the message.</param>
internal sealed record Ongoing(long Id, TimeSpan Lasted, NotifyEvent Event, string? Master, Func<Notification> Tell);

/// <summary>Names for messages, and for what lasts. Any thread.</summary>
internal sealed class NotificationIds
{
    // Several proxies tell the same receiver, and each of them begins anew when it is restarted.
    private readonly string _process = Guid.NewGuid().ToString("N")[..12];
    private long _messages;
    private long _ongoing;

    public string NextMessage() => FormattableString.Invariant($"{_process}-{Interlocked.Increment(ref _messages)}");

    public long NextOngoing() => Interlocked.Increment(ref _ongoing);
}
