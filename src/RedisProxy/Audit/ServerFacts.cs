using System.Globalization;

using RedisProxy.Configuration;

namespace RedisProxy.Audit;

/// <summary>What one server says of itself. Holds secrets as settings: no finding may say the value of one.</summary>
internal sealed record ServerFacts
{
    private static readonly Dictionary<string, string> None = [];

    /// <summary>As Sentinel calls it.</summary>
    public required HostEndpoint Announced { get; init; }

    /// <summary>Why nothing below is known; empty when it answered.</summary>
    public string Failure { get; init; } = "";

    /// <summary>Lines of INFO: server, clients, memory, persistence, replication.</summary>
    public IReadOnlyDictionary<string, string> Info { get; init; } = None;

    /// <summary>Lines of INFO keyspace: "db0" and "keys=1,expires=0,avg_ttl=0".</summary>
    public IReadOnlyDictionary<string, string> Keyspace { get; init; } = None;

    /// <summary>All of CONFIG GET *; empty when it is refused.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = None;

    /// <summary>ACL LIST by the user's name; null when it is refused or not known there (before redis 6).</summary>
    public IReadOnlyDictionary<string, string>? Users { get; init; }

    /// <summary>
    /// ACL CAT of the categories that the users' rules speak of; those that it does not tell are missing.
    /// </summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Categories { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>MODULE LIST, names and versions; null when it is refused.</summary>
    public IReadOnlyDictionary<string, string>? Modules { get; init; }

    /// <summary>Of the commands that a failover needs, those that the server does not know by their names.</summary>
    public IReadOnlyList<string> MissingCommands { get; init; } = [];

    /// <summary>What could not be looked at, with the server's own words.</summary>
    public IReadOnlyList<string> Refusals { get; init; } = [];

    /// <summary>Directives of the configuration file that this process can read; null when it cannot, or there is none.</summary>
    public IReadOnlyDictionary<string, string>? File { get; init; }

    public bool IsKnown => Failure.Length == 0;

    public long UsedBytes => Number(Info, "used_memory");

    public string Setting(string name) => Settings.GetValueOrDefault(name, "");

    public long SettingNumber(string name) => Number(Settings, name);

    public long InfoNumber(string name) => Number(Info, name);

    /// <summary>"7.0.15", or "valkey 8.0.1".</summary>
    public string Version => Info.TryGetValue("valkey_version", out string? valkey)
        ? $"valkey {valkey}"
        : Info.GetValueOrDefault("redis_version", "");

    /// <summary>0 when it is missing or no number.</summary>
    public static long Number(IReadOnlyDictionary<string, string> fields, string name) =>
        long.TryParse(fields.GetValueOrDefault(name), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number)
            ? number
            : 0;
}

/// <summary>What one Sentinel says of one master, and of itself.</summary>
internal sealed record SentinelFacts
{
    /// <summary>As this process reaches it.</summary>
    public required HostEndpoint Endpoint { get; init; }

    /// <summary>Why nothing below is known; empty when it answered.</summary>
    public string Failure { get; init; } = "";

    /// <summary>The reply to SENTINEL MASTER.</summary>
    public IReadOnlyDictionary<string, string> Master { get; init; } = new Dictionary<string, string>();

    /// <summary>INFO clients.</summary>
    public IReadOnlyDictionary<string, string> Clients { get; init; } = new Dictionary<string, string>();

    /// <summary>It answers and watches other masters: nothing below is known, and it is none of this master's Sentinels.</summary>
    public bool HasNoSay { get; init; }

    /// <summary>Its NOQUORUM to SENTINEL CKQUORUM; empty when it agrees, or may not be asked.</summary>
    public string QuorumComplaint { get; init; } = "";

    /// <summary>What it may not be asked, with its own words.</summary>
    public IReadOnlyList<string> Refusals { get; init; } = [];

    public bool IsKnown => Failure.Length == 0;

    /// <summary>It was allowed to say what it knows of the master.</summary>
    public bool IsMasterKnown => Master.Count > 0;
}

/// <summary>All that was found out about one master, its replicas, and the Sentinels that watch it.</summary>
/// <param name="MasterName">Sentinel's name of it; the listener's without Sentinel.</param>
/// <param name="Master">Null when none is accepted: see the reason.</param>
/// <param name="Reason">Why this master, or why none.</param>
/// <param name="Replicas">Those that Sentinels list.</param>
/// <param name="Sentinels">Configured and learnt; none without Sentinel.</param>
internal sealed record DeploymentFacts(
    string MasterName, ServerFacts? Master, string Reason, IReadOnlyList<ServerFacts> Replicas, IReadOnlyList<SentinelFacts> Sentinels);
