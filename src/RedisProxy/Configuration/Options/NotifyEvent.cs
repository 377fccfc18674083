namespace RedisProxy.Configuration;

/// <summary>The events that receivers are notified of. Their names are published and do not change.</summary>
internal enum NotifyEvent
{
    /// <summary>A failover is taking longer than <see cref="NotifyOptions.StartedAfter"/>.</summary>
    FailoverStarted,

    /// <summary>A new master accepts requests: the whole failover, with its timeline.</summary>
    FailoverFinished,

    /// <summary>A failover seemed to begin, but the previous master continues to take requests.</summary>
    FailoverAborted,

    /// <summary>
    /// The master has been gone for longer than <see cref="NotifyOptions.StartedAfter"/>, and no failover is under way yet.
    /// </summary>
    MasterDown,

    /// <summary>The master came back at the same address.</summary>
    MasterUp,

    /// <summary>No majority of the known Sentinels is reachable.</summary>
    SentinelsLost,

    /// <summary>A majority is reachable again.</summary>
    SentinelsBack,

    /// <summary>A replica is not fit for promotion, or for reads.</summary>
    ReplicaUnhealthy,

    /// <summary>The replica is fit again.</summary>
    ReplicaHealthy,

    /// <summary>The audit has new critical findings.</summary>
    DriftFound,

    /// <summary>The audit has no critical findings any more.</summary>
    DriftGone,

    /// <summary>An operator tests a receiver. Receivers can neither select it nor opt out of it.</summary>
    Test,
}

/// <summary>The names of the events.</summary>
internal static class NotifyEvents
{
    /// <summary>The events that a receiver can select.</summary>
    public static (string Name, NotifyEvent Value)[] Choices { get; } =
        [.. Enum.GetValues<NotifyEvent>().Where(one => one != NotifyEvent.Test).Select(one => (NameOf(one), one))];

    /// <summary>All selectable events.</summary>
    public static IReadOnlyList<NotifyEvent> All { get; } = [.. Choices.Select(choice => choice.Value)];

    /// <summary>The events for which Sentinel runs a script.</summary>
    public static IReadOnlyList<NotifyEvent> OfCommands { get; } = [NotifyEvent.FailoverFinished];

    public static string NameOf(NotifyEvent one) => one switch
    {
        NotifyEvent.FailoverStarted => "failover_started",
        NotifyEvent.FailoverFinished => "failover_finished",
        NotifyEvent.FailoverAborted => "failover_aborted",
        NotifyEvent.MasterDown => "master_down",
        NotifyEvent.MasterUp => "master_up",
        NotifyEvent.SentinelsLost => "sentinels_lost",
        NotifyEvent.SentinelsBack => "sentinels_back",
        NotifyEvent.ReplicaUnhealthy => "replica_unhealthy",
        NotifyEvent.ReplicaHealthy => "replica_healthy",
        NotifyEvent.DriftFound => "drift_found",
        NotifyEvent.DriftGone => "drift_gone",
        _ => "test",
    };
}
