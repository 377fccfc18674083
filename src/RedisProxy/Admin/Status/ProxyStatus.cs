using System.Text.Json.Serialization;

using RedisProxy.Audit;
using RedisProxy.Configuration;
using RedisProxy.DataPlane;
using RedisProxy.Sessions;
using RedisProxy.Topology;

namespace RedisProxy.Admin;

/// <summary>
/// The document of <c>/status</c>: the whole proxy at one moment. Part of the published behaviour; fields are added, never
/// renamed.
/// </summary>
/// <param name="Host">The name of the machine, as in notifications.</param>
/// <param name="Process">Its number there.</param>
internal sealed record ProxyStatus(
    string Version,
    string Host,
    int Process,
    bool Ready,
    bool Stopping,
    double UptimeSeconds,
    IReadOnlyList<MasterStatus> Masters,
    IReadOnlyList<ListenerStatus> Listeners);

/// <param name="Name">Sentinel's name for it; the listener's name without Sentinel.</param>
/// <param name="Announced">Its address as Sentinel announces it; null while none is known.</param>
/// <param name="Address">Where it is reached from here.</param>
/// <param name="Availability">A label of <see cref="Topology.Availability"/>.</param>
/// <param name="Reason">What is missing; empty while it is available.</param>
/// <param name="Failovers">Since the start, by kind.</param>
/// <param name="LastFailovers">Oldest first, at most <see cref="FailoverHistory.MaxRecords"/>.</param>
/// <param name="Replication">The state of each replica; empty without Sentinel.</param>
/// <param name="ProbeMilliseconds">Round trip of the proxy's last ROLE and PING to the master; null before the first.</param>
/// <param name="Outage">Null: there is none now.</param>
/// <param name="ServerVersion">Of the master; empty while it is not known, and without Sentinel.</param>
/// <param name="Findings">Of the last audit, the most severe first; empty before the first.</param>
/// <param name="MoreFindings">How many are not listed.</param>
internal sealed record MasterStatus(
    string Name,
    string? Announced,
    string? Address,
    string Availability,
    string Reason,
    long Epoch,
    long Generation,
    IReadOnlyList<string> Replicas,
    IReadOnlyList<SentinelStatus> Sentinels,
    IReadOnlyDictionary<string, long> Failovers,
    IReadOnlyList<FailoverStatus> LastFailovers,
    double? ProbeMilliseconds,
    IReadOnlyList<ReplicaStatus> Replication,
    OutageStatus? Outage,
    string ServerVersion,
    IReadOnlyList<AuditedFinding> Findings,
    int MoreFindings)
{
    private const int MaxFindings = 20;

    public static MasterStatus Of(
        ITopologySource source, ReplicationView? replication, OutageStatus? outage, IReadOnlyList<Finding> findings)
    {
        TopologyView view = source.Current;
        return new MasterStatus(
            view.MasterName,
            view.Master?.Announced.ToString(),
            view.Master?.Address.ToString(),
            Labels.Of(view.Availability),
            view.Reason,
            view.Epoch,
            view.Generation,
            [.. view.Replicas.Select(replica => replica.ToString())],
            [.. view.Sentinels.Select(sentinel => SentinelStatus.Of(sentinel, view.Master))],
            Enum.GetValues<FailoverKind>().ToDictionary(kind => Labels.Of(kind), source.Failovers.CountOf),
            [.. source.Failovers.Last.Select(FailoverStatus.Of)],
            source.ProbeRoundTrip?.TotalMilliseconds,
            [.. replication?.Replicas.Select(ReplicaStatus.Of) ?? []],
            outage,
            replication?.Master?.Version ?? "",
            [.. findings.Take(MaxFindings).Select(AuditedFinding.Of)],
            Math.Max(0, findings.Count - MaxFindings));
    }
}

/// <summary>One replica as last polled, every second.</summary>
/// <param name="Address">As the Sentinels announce it, after the address map.</param>
/// <param name="LinkUp">Its link to the master.</param>
/// <param name="Syncing">It is in a full sync.</param>
/// <param name="Down">Most of the Sentinels that list it report it down.</param>
/// <param name="LagBytes">Behind the master; null when either of the two does not answer.</param>
/// <param name="LagSeconds">How far it is behind the master, in time.</param>
/// <param name="Error">Why it does not answer; empty when it does.</param>
/// <param name="Version">Empty while it does not answer.</param>
internal sealed record ReplicaStatus(
    string Address, bool LinkUp, bool Syncing, bool Down, long? LagBytes, double? LagSeconds, string Error, string Version)
{
    public static ReplicaStatus Of(ReplicaState replica) => new(
        replica.Endpoint.ToString(),
        replica.Facts is { IsLinkUp: true },
        replica.Facts is { IsSyncing: true },
        replica.IsDown,
        replica.LagBytes,
        replica.Lag?.TotalSeconds,
        replica.Facts is not null ? "" : replica.Failure.Length > 0 ? replica.Failure : "not checked yet",
        replica.Facts?.Version ?? "");
}

/// <param name="Agrees">It is connected and reports the master in use.</param>
/// <param name="Master">The master that it reports; null when it knows no such master.</param>
/// <param name="Flags">Its flags for the master.</param>
/// <param name="Error">Why it does not answer, or is not trusted; empty without an objection.</param>
internal sealed record SentinelStatus(
    string Address, bool Connected, bool Agrees, string? Master, long Epoch, string Flags, string Error)
{
    public static SentinelStatus Of(SentinelOpinion opinion, MasterNode? master) => new(
        opinion.Sentinel.ToString(),
        opinion.IsConnected,
        opinion is { IsConnected: true, Master: { } reported } && reported == master?.Announced,
        opinion.Master?.ToString(),
        opinion.Epoch,
        opinion.Flags,
        opinion.Error);
}

/// <summary>The timeline of one failover; times in seconds since its first sign.</summary>
/// <param name="AcceptedAfterSeconds">The new master was accepted, and the old one fenced; null for a restart.</param>
/// <param name="AvailableAfterSeconds">The new master takes requests; null until then.</param>
/// <param name="Who">The Sentinels that reported it.</param>
/// <param name="Cost">Null until its sessions have continued.</param>
internal sealed record FailoverStatus(
    long Number,
    string Kind,
    DateTimeOffset FirstSignAt,
    double? AcceptedAfterSeconds,
    double? AvailableAfterSeconds,
    string Old,
    string New,
    long Epoch,
    string Who,
    FailoverCost? Cost)
{
    /// <inheritdoc cref="FailoverRecord.Way"/>
    [JsonIgnore]
    public string Way => Old == New ? Old : $"{Old} → {New}";

    public static FailoverStatus Of(FailoverRecord record) => new(
        record.Number,
        Labels.Of(record.Kind),
        record.FirstSignAt,
        record.AcceptedAfter?.TotalSeconds,
        record.AvailableAfter?.TotalSeconds,
        record.Old.ToString(),
        record.New.ToString(),
        record.Epoch,
        record.Who,
        record.Cost);
}

/// <param name="Paused">By an operator.</param>
/// <param name="Draining">It accepts no more clients: an operator has drained it, or the proxy is stopping.</param>
/// <param name="Sessions">Current ones, by phase.</param>
/// <param name="SlowRequests">Requests that a server took long to answer, see <c>/slowlog</c>.</param>
/// <param name="Pinned">Sessions closed by the loss of a master, by the state that cannot be replayed; reasons that occurred.</param>
/// <param name="Ended">Sessions that have ended, by the first cause; causes that occurred.</param>
/// <param name="Role"><c>master</c> or <c>replica</c>: which servers are used.</param>
/// <param name="Servers">Of a replica listener: the healthy replicas, or the master in their place.</param>
/// <param name="Links">Connections to the servers, if sessions share them; not written for other listeners.</param>
internal sealed record ListenerStatus(
    string Name,
    string Bind,
    string Master,
    bool Paused,
    bool Draining,
    int MaxSessions,
    IReadOnlyDictionary<string, long> Sessions,
    long Accepted,
    long Refused,
    long Requests,
    long RequestBytes,
    long ReplyBytes,
    long SlowRequests,
    IReadOnlyDictionary<string, long> Pinned,
    IReadOnlyDictionary<string, long> Ended,
    string Role,
    IReadOnlyList<ServerStatus> Servers,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] LinksStatus? Links)
{
    /// <summary>What came from the process that this one has taken over from; not written by another one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TakeOverStatus? TakeOver { get; init; }

    public static ListenerStatus Of(DataPlaneListener listener)
    {
        SessionCounters[] counters = [.. listener.Counters];
        Dictionary<string, long> By<T>(IEnumerable<T> values, Func<SessionCounters, T, long> read, bool areZerosShown)
            where T : notnull => values
            .Select(value => (Label: Labels.Of(value), Count: counters.Sum(of => read(of, value))))
            .Where(pair => areZerosShown || pair.Count > 0)
            .ToDictionary(pair => pair.Label, pair => pair.Count);
        return new ListenerStatus(
            listener.Options.Name,
            listener.Options.Bind.ToString(),
            listener.Source.Current.MasterName,
            listener.IsPaused,
            listener.IsDraining,
            listener.Options.MaxSessions,
            By(Enum.GetValues<SessionPhase>()[..^1], static (of, phase) => of.Phases[(int)phase], areZerosShown: true),
            counters.Sum(of => of.Accepted),
            counters.Sum(of => of.RefusedTooMany),
            counters.Sum(of => of.Requests),
            counters.Sum(of => of.RequestBytes),
            counters.Sum(of => of.ReplyBytes),
            counters.Sum(of => of.Slow.Count),
            By(Enum.GetValues<PinReason>()[1..], static (of, reason) => of.Pinned[(int)reason], areZerosShown: false),
            By(Enum.GetValues<EndCause>()[1..], static (of, cause) => of.Ended[(int)cause], areZerosShown: false),
            Labels.Of(listener.Options.Role),
            [.. listener.View.Targets.Select(target => new ServerStatus(target.Announced.ToString(), target.Sessions, target.Weight))],
            listener.SharesLinks ? LinksStatus.Of(counters) : null)
        {
            TakeOver = TakeOverStatus.Of(listener),
        };
    }
}

/// <summary>The connections to servers of a listener whose sessions share them.</summary>
/// <param name="Shared">Connections that sessions share.</param>
/// <param name="Dedicated">Those that one session has for itself.</param>
/// <param name="Kept">Those without a session, kept for the next one that needs its own.</param>
/// <param name="Sessions">Current ones, by the kind of their link: shared, dedicated, none.</param>
/// <param name="DedicatedTotal">How often a session got a link of its own, by what it needed that for; reasons that occurred.</param>
internal sealed record LinksStatus(
    long Shared, long Dedicated, long Kept, IReadOnlyDictionary<string, long> Sessions, IReadOnlyDictionary<string, long> DedicatedTotal)
{
    private static readonly LinkKind[] KindsOfSessions = [LinkKind.Shared, LinkKind.Dedicated, LinkKind.None];

    public static LinksStatus Of(IReadOnlyList<SessionCounters> counters)
    {
        long Links(LinkKind kind) => counters.Sum(of => of.LinksNow[(int)kind]);
        return new LinksStatus(
            Links(LinkKind.Shared),
            Links(LinkKind.Dedicated),
            Links(LinkKind.Kept),
            KindsOfSessions.ToDictionary(static kind => Labels.Of(kind), kind => counters.Sum(of => of.LinkSessions[(int)kind])),
            Enum.GetValues<DedicatedReason>()[1..]
                .Select(reason => (Label: Labels.Of(reason), Count: counters.Sum(of => of.Dedicated[(int)reason])))
                .Where(static pair => pair.Count > 0)
                .ToDictionary(static pair => pair.Label, static pair => pair.Count));
    }
}

/// <summary>A server available to a replica listener's sessions.</summary>
internal sealed record ServerStatus(string Address, int Sessions, int Weight);

/// <summary>The document of <c>/sessions</c>.</summary>
/// <param name="Matching">How many match the filter; at most the limit of them are listed.</param>
internal sealed record SessionsAnswer(long Matching, IReadOnlyList<SessionStatus> Sessions);

/// <param name="Link">The kind of its link; not written if the sessions of its listener have links of their own.</param>
/// <param name="Reason">What it got its own link for; not written for sessions without one.</param>
internal sealed record SessionStatus(
    long Id,
    string Listener,
    string Client,
    string Name,
    int Database,
    string Phase,
    double AgeSeconds,
    long InFlight,
    long Waiting,
    long ReceivedBytes,
    long HeldBytes,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Link,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Reason);

/// <summary>Serializers for the above, generated at build time: a native program has no reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(ProxyStatus))]
[JsonSerializable(typeof(SessionsAnswer))]
internal sealed partial class AdminJson : JsonSerializerContext;

/// <summary>The same on one line, for events.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ProxyStatus))]
internal sealed partial class AdminEventJson : JsonSerializerContext;
