using System.Globalization;

using RedisProxy.Configuration;
using RedisProxy.Servers;

namespace RedisProxy.Audit;

/// <summary>The facts of one server. Contains secrets as settings: no finding may show such a value.</summary>
internal sealed record ServerFacts
{
    private static readonly Dictionary<string, string> None = [];

    /// <summary>Its address as Sentinel announces it.</summary>
    public required HostEndpoint Announced { get; init; }

    /// <summary>Why nothing below is known; empty when it answered.</summary>
    public string Failure { get; init; } = "";

    /// <summary>Lines of INFO: server, clients, memory, persistence, replication.</summary>
    public IReadOnlyDictionary<string, string> Info { get; init; } = None;

    /// <summary>Lines of INFO keyspace: "db0" and "keys=1,expires=0,avg_ttl=0".</summary>
    public IReadOnlyDictionary<string, string> Keyspace { get; init; } = None;

    /// <summary>All of CONFIG GET *; empty when it is refused.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = None;

    /// <summary>ACL LIST by user name; null when refused or unknown there (before redis 6).</summary>
    public IReadOnlyDictionary<string, string>? Users { get; init; }

    /// <summary>
    /// ACL CAT of the categories in the users' rules; those that it does not answer are missing.
    /// </summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Categories { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>MODULE LIST, names and versions; null when it is refused.</summary>
    public IReadOnlyDictionary<string, string>? Modules { get; init; }

    /// <summary>Commands needed for a failover that the server does not know by these names.</summary>
    public IReadOnlyList<string> MissingCommands { get; init; } = [];

    /// <summary>Refused questions, with the server's own words.</summary>
    public IReadOnlyList<string> Refusals { get; init; } = [];

    /// <summary>Directives of the configuration file that this process can read; null when it cannot, or there is none.</summary>
    public IReadOnlyDictionary<string, string>? File { get; init; }

    public bool IsKnown => Failure.Length == 0;

    public long UsedBytes => Number(Info, "used_memory");

    public string Setting(string name) => Settings.GetValueOrDefault(name, "");

    public long SettingNumber(string name) => Number(Settings, name);

    public long InfoNumber(string name) => Number(Info, name);

    /// <summary>"7.0.15", or "valkey 8.0.1".</summary>
    public string Version => ReplicationFacts.VersionOf(Info);

    /// <summary>0 when it is missing or not a number.</summary>
    public static long Number(IReadOnlyDictionary<string, string> fields, string name) =>
        long.TryParse(fields.GetValueOrDefault(name), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number)
            ? number
            : 0;
}

/// <summary>What one Sentinel reports of one master, and of itself.</summary>
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

    /// <summary>It answers but monitors other masters: nothing below is known, and it is not one of this master's Sentinels.</summary>
    public bool HasNoSay { get; init; }

    /// <summary>Its NOQUORUM to SENTINEL CKQUORUM; empty when it agrees, or refuses the question.</summary>
    public string QuorumComplaint { get; init; } = "";

    /// <summary>Refused questions, with its own words.</summary>
    public IReadOnlyList<string> Refusals { get; init; } = [];

    public bool IsKnown => Failure.Length == 0;

    /// <summary>It was permitted to report its state of the master.</summary>
    public bool IsMasterKnown => Master.Count > 0;
}

/// <summary>All facts about one master, its replicas, and the Sentinels that monitor it.</summary>
/// <param name="MasterName">Sentinel's name for it; the listener's without Sentinel.</param>
/// <param name="Master">Null when none is accepted: see the reason.</param>
/// <param name="Reason">Why this master, or why none.</param>
/// <param name="Replicas">Those that Sentinels list.</param>
/// <param name="Sentinels">Configured and discovered; none without Sentinel.</param>
internal sealed record DeploymentFacts(
    string MasterName, ServerFacts? Master, string Reason, IReadOnlyList<ServerFacts> Replicas, IReadOnlyList<SentinelFacts> Sentinels);
