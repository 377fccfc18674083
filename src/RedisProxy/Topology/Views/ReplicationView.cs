using System.Net;

using RedisProxy.Configuration;
using RedisProxy.Servers;

namespace RedisProxy.Topology;

/// <summary>The state of one master's replicas. Immutable; a new one replaces it.</summary>
internal sealed record ReplicationView
{
    public static ReplicationView None { get; } = new();

    /// <summary>From the master's last answer; null when there was none yet, or the last poll was not answered.</summary>
    public ReplicationFacts? Master { get; init; }

    /// <summary>As the Sentinels list them.</summary>
    public IReadOnlyList<ReplicaState> Replicas { get; init; } = [];

    /// <summary>The master's write rate in bytes per second, smoothed over about ten seconds.</summary>
    public double WriteRate { get; init; }

    /// <summary>
    /// How many seconds of writes, at the present rate, a replica may miss without needing a full sync; null while next to nothing
    /// is written.
    /// </summary>
    public double? BacklogSeconds => Master is { BacklogBytes: > 0 } master && WriteRate >= 1 ? master.BacklogBytes / WriteRate : null;

    /// <summary>Of the masters since the start, as far as they were polled.</summary>
    public SyncCounts Syncs { get; init; } = new();

    /// <summary>The newest suspicion raised before the polls of all answering servers began.</summary>
    public long CoversSuspicion { get; init; }

    /// <summary>Every listed replica has been polled once.</summary>
    public bool IsComplete => Replicas.All(replica => replica.WasLookedAt);
}

/// <summary>One replica at one moment.</summary>
/// <param name="Endpoint">Its address as Sentinel announces it, after the address map.</param>
internal sealed record ReplicaState(HostEndpoint Endpoint)
{
    /// <summary>Null while its name is not resolved.</summary>
    public IPEndPoint? Address { get; init; }

    /// <summary>From its last answer; null when the last poll was not answered.</summary>
    public ReplicationFacts? Facts { get; init; }

    /// <summary>Why there is no answer.</summary>
    public string Failure { get; init; } = "";

    public bool WasLookedAt { get; init; }

    /// <summary>The address of the master it replicates from; null when it reports none, or a name that is not resolved.</summary>
    public IPEndPoint? MasterAddress { get; init; }

    /// <summary>How far it was behind the offset the master had just before. Null without an answer of both.</summary>
    public long? LagBytes { get; init; }

    /// <summary>How long ago the master wrote the first byte it lacks; zero when it lacks nothing.</summary>
    public TimeSpan? Lag { get; init; }

    /// <summary>Most of the Sentinels that list it report it down.</summary>
    public bool IsDown { get; init; }

    /// <summary>Full syncs seen to begin.</summary>
    public long FullSyncs { get; init; }
}

/// <summary>How often replicas were synchronised, since the start of this process.</summary>
/// <param name="Full">By a full sync.</param>
/// <param name="Partial">By a partial resync.</param>
/// <param name="Refused">Partial resyncs requested but refused.</param>
internal sealed record SyncCounts(long Full = 0, long Partial = 0, long Refused = 0)
{
    /// <summary>The same master has counted on, or has restarted and begun anew.</summary>
    public SyncCounts Add(ReplicationFacts before, ReplicationFacts now) => new(
        Full + Growth(before.FullSyncs, now.FullSyncs),
        Partial + Growth(before.PartialSyncs, now.PartialSyncs),
        Refused + Growth(before.RefusedPartialSyncs, now.RefusedPartialSyncs));

    private static long Growth(long before, long now) => now >= before ? now - before : now;
}
