namespace RedisProxy.Failover;

/// <summary>One of the checks before a failover on demand. They are made in the order of <see cref="All"/>.</summary>
/// <param name="What">What should be, in a few words.</param>
internal sealed record FailoverCheck(string What)
{
    public const string NoOther = "no other failover on demand is in progress";
    public const string Available = "the master is available";
    public const string Sentinels = "the Sentinels are connected and agree";
    public const string Quorum = "the Sentinels have a quorum";
    public const string Replicas = "there are replicas to promote, and none is in trouble";
    public const string Permissions = "the proxy's user may pause and demote the master";
    public const string Pauses = "nobody has paused the master's clients";
    public const string Lag = "the replicas are up to date";
    public const string Audit = "the replicas can do the master's work (audit)";
    public const string Listeners = "no listener is paused";

    public static readonly IReadOnlyList<string> All =
        [NoOther, Available, Sentinels, Quorum, Replicas, Permissions, Pauses, Lag, Audit, Listeners];

    /// <summary>Sentences; none: it is so.</summary>
    public IReadOnlyList<string> Objections { get; init; } = [];

    /// <summary>What is worth knowing and no objection; sentences.</summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];
}
