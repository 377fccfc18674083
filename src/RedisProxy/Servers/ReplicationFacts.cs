using System.Globalization;

using RedisProxy.Configuration;

namespace RedisProxy.Servers;

/// <summary>What one server reports of its replication, at one moment (INFO; redis.io, commands/info).</summary>
internal sealed record ReplicationFacts
{
    private static readonly string[] CopyStates = ["state=wait_bgsave", "state=send_bulk", "state=bg_transfer"];

    /// <summary>Changes with every start of the server; empty when not reported.</summary>
    public string RunId { get; init; } = "";

    /// <inheritdoc cref="VersionOf"/>
    public string Version { get; init; } = "";

    /// <summary>Its role is master.</summary>
    public bool IsMaster { get; init; }

    /// <summary>Of a replica: its master, as configured there.</summary>
    public HostEndpoint? Master { get; init; }

    /// <summary>Of a replica.</summary>
    public bool IsLinkUp { get; init; }

    /// <summary>Of a replica: it is receiving or loading a full sync; its own data is old or gone.</summary>
    public bool IsSyncing { get; init; }

    /// <summary>It is loading its data from disk.</summary>
    public bool IsLoading { get; init; }

    /// <summary>
    /// Its replication offset in bytes; null when not reported. Comparable between a master and its replicas.
    /// </summary>
    public long? Offset { get; init; }

    /// <summary>Of a master: replicas in, or about to begin, a full sync.</summary>
    public int SyncingReplicas { get; init; }

    /// <summary>Full syncs begun since its start.</summary>
    public long FullSyncs { get; init; }

    /// <summary>Partial resyncs since its start.</summary>
    public long PartialSyncs { get; init; }

    /// <summary>Partial resyncs requested but refused since its start.</summary>
    public long RefusedPartialSyncs { get; init; }

    /// <summary>How many bytes a replica may miss and still resync partially (<c>repl-backlog-size</c>).</summary>
    public long BacklogBytes { get; init; }

    /// <param name="info">The lines of INFO.</param>
    public static ReplicationFacts Read(IReadOnlyDictionary<string, string> info)
    {
        bool isMaster = info.GetValueOrDefault("role") == "master";
        return new ReplicationFacts
        {
            RunId = info.GetValueOrDefault("run_id", ""),
            Version = VersionOf(info),
            IsMaster = isMaster,
            Master = HostEndpoint.ReadAnnounced(info.GetValueOrDefault("master_host", ""), info.GetValueOrDefault("master_port", "")),
            IsLinkUp = info.GetValueOrDefault("master_link_status") == "up",
            IsSyncing = info.GetValueOrDefault("master_sync_in_progress") == "1",
            IsLoading = info.GetValueOrDefault("loading") == "1" || info.GetValueOrDefault("async_loading") == "1",
            Offset = TryNumber(info, isMaster ? "master_repl_offset" : "slave_repl_offset"),
            SyncingReplicas = info.Count(line => IsReplica(line.Key) && IsWaitingForCopy(line.Value)),
            FullSyncs = Number(info, "sync_full"),
            PartialSyncs = Number(info, "sync_partial_ok"),
            RefusedPartialSyncs = Number(info, "sync_partial_err"),
            BacklogBytes = Number(info, "repl_backlog_size"),
        };
    }

    /// <summary>"7.0.15", or "valkey 8.0.1"; empty when not reported.</summary>
    /// <param name="info">The lines of INFO.</param>
    public static string VersionOf(IReadOnlyDictionary<string, string> info) => info.TryGetValue("valkey_version", out string? valkey)
        ? $"valkey {valkey}"
        : info.GetValueOrDefault("redis_version", "");

    // slave0:ip=10.0.0.2,port=6379,state=online,offset=1234,lag=1
    private static bool IsReplica(string key) =>
        key.StartsWith("slave", StringComparison.Ordinal) && key.Length > 5 && key.AsSpan(5).IndexOfAnyExceptInRange('0', '9') < 0;

    // Valkey may send the copy over a second connection, which it lists as another replica; the first one is in "bg_transfer" meanwhile.
    private static bool IsWaitingForCopy(string replica) =>
        CopyStates.Any(state => replica.Contains(state, StringComparison.Ordinal))
            && !replica.Contains("type=rdb-channel", StringComparison.Ordinal);

    private static long Number(IReadOnlyDictionary<string, string> info, string name) => TryNumber(info, name) ?? 0;

    private static long? TryNumber(IReadOnlyDictionary<string, string> info, string name) => long.TryParse(
        info.GetValueOrDefault(name), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) ? number : null;
}
