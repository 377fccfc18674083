using RedisProxy.Configuration;
using RedisProxy.Servers;
using RedisProxy.Topology;

namespace RedisProxy.Audit;

/// <summary>What one audit found about one master.</summary>
/// <param name="Facts">What it is about.</param>
/// <param name="Findings">The most important first.</param>
internal sealed record AuditResult(DeploymentFacts Facts, IReadOnlyList<Finding> Findings)
{
    /// <summary>Null: nothing was found.</summary>
    public Severity? Worst => Findings.Count == 0 ? null : Findings.Max(finding => finding.Severity);
}

/// <summary>
/// Compares master, replicas and Sentinels, and says what would happen at the next failover. Changes nothing.
/// </summary>
internal static class DeploymentAudit
{
    /// <summary>One result for each distinct master, or for each listener without Sentinel.</summary>
    /// <param name="options">Of the deployment.</param>
    /// <param name="context">Clock, TLS, DNS, logs.</param>
    /// <param name="timeout">For finding out who there is. After that a server that does not answer a question is asked no more.</param>
    /// <param name="stop">Gives up.</param>
    /// <exception cref="TimeoutException">The Sentinels take too long.</exception>
    public static async Task<IReadOnlyList<AuditResult>> RunAsync(
        ProxyOptions options, TopologyContext context, TimeSpan timeout, CancellationToken stop)
    {
        IReadOnlyList<MasterCheck> checks = await TopologyCheck.RunAsync(options, context, timeout, stop);
        var collector = new FactCollector(options, context);
        DeploymentFacts[] facts = await Task.WhenAll(checks.Select(collector.CollectAsync)).WaitAsync(stop);
        return [.. facts.Select(one => new AuditResult(one, Judge(one, options.Roles)))];
    }

    /// <param name="facts">Of one master.</param>
    /// <param name="roles">What its servers are to be given; null: nothing.</param>
    public static IReadOnlyList<Finding> Judge(DeploymentFacts facts, RoleOptions? roles = null) => ByImportance(
    [
        .. CheckMaster(facts),
        .. JudgeServers(facts.Master, facts.Replicas),
        .. SentinelRules.Check(facts.Sentinels),
        .. PolicyRules.Check(facts, roles ?? new RoleOptions()),
    ]);

    /// <summary>Of the servers alone, without Sentinel's side.</summary>
    /// <param name="master">Null when there is none; the replicas are then compared with nothing.</param>
    /// <param name="replicas">Those that may be promoted.</param>
    public static IReadOnlyList<Finding> JudgeServers(ServerFacts? master, IReadOnlyList<ServerFacts> replicas)
    {
        IEnumerable<ServerFacts> servers = master is null ? replicas : [master, .. replicas];
        IEnumerable<Finding> alone = servers.SelectMany(ServerRules.CheckAlone);
        return ByImportance(master is not { IsKnown: true }
            ? alone
            : alone.Concat(replicas.Where(replica => replica.IsKnown).SelectMany(replica => CheckPair(master, replica, replicas.Count))));
    }

    // Stable: within one severity in the order of the rules.
    private static Finding[] ByImportance(IEnumerable<Finding> findings) => [.. findings.OrderByDescending(finding => finding.Severity)];

    private static IEnumerable<Finding> CheckMaster(DeploymentFacts facts)
    {
        if (facts.Master is null)
        {
            yield return new Finding(Severity.Critical, null, "master", $"there is none: {facts.Reason}");
        }

        if (facts.Sentinels.Count == 0)
        {
            yield break;
        }

        if (facts.Replicas.Count == 0)
        {
            yield return new Finding(Severity.Critical, null, "replicas", "there is none: when the master is down nothing takes its place");
        }
        else if (facts.Replicas.All(replica => replica.IsKnown && replica.Setting("replica-priority") == "0"))
        {
            yield return new Finding(
                Severity.Critical, null, "replica-priority", "is 0 on every replica: none is ever promoted");
        }
    }

    private static IEnumerable<Finding> CheckPair(ServerFacts master, ServerFacts replica, int replicas) =>
    [
        .. ServerRules.CheckPair(master, replica),
        .. MemoryRules.Check(master, replica),
        .. SettingRules.Check(master, replica),
        .. SettingRules.CheckReplicaCount(replica, replicas),
        .. AccessRules.Check(master, replica),
    ];
}
