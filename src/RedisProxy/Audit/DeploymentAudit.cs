using RedisProxy.Configuration;
using RedisProxy.Servers;
using RedisProxy.Topology;

namespace RedisProxy.Audit;

/// <summary>The result of one audit of one master.</summary>
/// <param name="Facts">The facts it is based on.</param>
/// <param name="Findings">The most important first.</param>
internal sealed record AuditResult(DeploymentFacts Facts, IReadOnlyList<Finding> Findings)
{
    /// <summary>Null: nothing was found.</summary>
    public Severity? Worst => Findings.Count == 0 ? null : Findings.Max(finding => finding.Severity);
}

/// <summary>
/// Compares master, replicas and Sentinels, and predicts the next failover. Changes nothing.
/// </summary>
internal static class DeploymentAudit
{
    /// <summary>One result for each distinct master, or for each listener without Sentinel.</summary>
    /// <param name="options">Of the deployment.</param>
    /// <param name="context">Clock, TLS, DNS, logs.</param>
    /// <param name="timeout">For discovering the deployment. After that, a server that does not answer a question is not asked
    /// again.</param>
    /// <param name="stop">Aborts.</param>
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
    /// <param name="roles">The settings that its servers should have; null: none.</param>
    public static IReadOnlyList<Finding> Judge(DeploymentFacts facts, RoleOptions? roles = null) => ByImportance(
    [
        .. CheckMaster(facts),
        .. JudgeServers(facts.Master, facts.Replicas),
        .. SentinelRules.Check(facts.Sentinels),
        .. PolicyRules.Check(facts, roles ?? new RoleOptions()),
    ]);

    /// <summary>The servers alone, without the Sentinels.</summary>
    /// <param name="master">Null when there is none; the replicas are then not compared.</param>
    /// <param name="replicas">The candidates for promotion.</param>
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
            yield return new Finding(Severity.Critical, null, "replicas", "there is none: nothing can replace the master when it is down");
        }
        else if (facts.Replicas.All(replica => replica.IsKnown && replica.Setting("replica-priority") == "0"))
        {
            yield return new Finding(
                Severity.Critical, null, "replica-priority", "is 0 on every replica: none can be promoted");
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
