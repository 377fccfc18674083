namespace RedisProxy.Configuration;

/// <summary>What receivers of notifications are told. Their names are published: they stay.</summary>
internal enum NotifyEvent
{
    /// <summary>A failover takes longer than <see cref="NotifyOptions.StartedAfter"/>.</summary>
    FailoverStarted,

    /// <summary>Another master takes requests: the whole failover, with its timeline.</summary>
    FailoverFinished,

    /// <summary>A failover seemed to begin, and the master of before takes requests on.</summary>
    FailoverAborted,

    /// <summary>The master is gone for longer than <see cref="NotifyOptions.StartedAfter"/>, and no failover is under way yet.</summary>
    MasterDown,

    /// <summary>The master came back at the same address.</summary>
    MasterUp,

    /// <summary>No majority of the known Sentinels is reachable.</summary>
    SentinelsLost,

    /// <summary>A majority is reachable again.</summary>
    SentinelsBack,

    /// <summary>A replica is not fit to be promoted, or to be read from.</summary>
    ReplicaUnhealthy,

    /// <summary>It is fit again.</summary>
    ReplicaHealthy,

    /// <summary>The audit has critical findings that it did not have before.</summary>
    DriftFound,

    /// <summary>The audit has no critical finding any more.</summary>
    DriftGone,

    /// <summary>An operator tries a receiver. No receiver can choose it or opt out of it.</summary>
    Test,
}

/// <summary>The names of the events.</summary>
internal static class NotifyEvents
{
    /// <summary>Those that a receiver may choose from.</summary>
    public static (string Name, NotifyEvent Value)[] Choices { get; } =
        [.. Enum.GetValues<NotifyEvent>().Where(one => one != NotifyEvent.Test).Select(one => (NameOf(one), one))];

    /// <summary>All of them.</summary>
    public static IReadOnlyList<NotifyEvent> All { get; } = [.. Choices.Select(choice => choice.Value)];

    /// <summary>What a script of Sentinel's is run for.</summary>
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
