using System.Net;

using RedisProxy.Configuration;
using RedisProxy.Servers;

namespace RedisProxy.Topology;

/// <summary>How the replicas of one master are doing. Immutable; a new one replaces it.</summary>
internal sealed record ReplicationView
{
    public static ReplicationView None { get; } = new();

    /// <summary>Of the master's last answer; null while there was none, or the last question had none.</summary>
    public ReplicationFacts? Master { get; init; }

    /// <summary>As the Sentinels list them.</summary>
    public IReadOnlyList<ReplicaState> Replicas { get; init; } = [];

    /// <summary>What the master adds to the stream of writes, in bytes per second, smoothed over some ten seconds.</summary>
    public double WriteRate { get; init; }

    /// <summary>
    /// So many seconds of writes, at the present rate, a replica may miss and still go on without a whole copy; null while next to
    /// nothing is written.
    /// </summary>
    public double? BacklogSeconds => Master is { BacklogBytes: > 0 } master && WriteRate >= 1 ? master.BacklogBytes / WriteRate : null;

    /// <summary>Of the masters since the start, as far as they were watched.</summary>
    public SyncCounts Syncs { get; init; } = new();

    /// <summary>The newest suspicion that looks at all servers which answer began after.</summary>
    public long CoversSuspicion { get; init; }

    /// <summary>Every listed replica was looked at once.</summary>
    public bool IsComplete => Replicas.All(replica => replica.WasLookedAt);
}

/// <summary>One replica at one moment.</summary>
/// <param name="Endpoint">As Sentinel calls it, after the address map.</param>
internal sealed record ReplicaState(HostEndpoint Endpoint)
{
    /// <summary>Null while its name is not resolved.</summary>
    public IPEndPoint? Address { get; init; }

    /// <summary>Of its last answer; null when the last question had none.</summary>
    public ReplicationFacts? Facts { get; init; }

    /// <summary>Why there is no answer.</summary>
    public string Failure { get; init; } = "";

    public bool WasLookedAt { get; init; }

    /// <summary>Where the master is that it copies; null when it does not say, or says a name that is not resolved.</summary>
    public IPEndPoint? MasterAddress { get; init; }

    /// <summary>What it lacked of what the master had just before. Null without an answer of both.</summary>
    public long? LagBytes { get; init; }

    /// <summary>It lacks what the master had so long ago; zero when it lacks nothing.</summary>
    public TimeSpan? Lag { get; init; }

    /// <summary>Most of the Sentinels that list it take it for down.</summary>
    public bool IsDown { get; init; }

    /// <summary>Whole copies that it was seen to begin.</summary>
    public long FullSyncs { get; init; }
}

/// <summary>How often replicas were synchronised, since the start of this process.</summary>
/// <param name="Full">By a whole copy.</param>
/// <param name="Partial">They went on where they had stopped.</param>
/// <param name="Refused">They wanted to go on, and could not.</param>
internal sealed record SyncCounts(long Full = 0, long Partial = 0, long Refused = 0)
{
    /// <summary>The same master has counted on, or was restarted and has begun anew.</summary>
    public SyncCounts Add(ReplicationFacts before, ReplicationFacts now) => new(
        Full + Growth(before.FullSyncs, now.FullSyncs),
        Partial + Growth(before.PartialSyncs, now.PartialSyncs),
        Refused + Growth(before.RefusedPartialSyncs, now.RefusedPartialSyncs));

    private static long Growth(long before, long now) => now >= before ? now - before : now;
}
