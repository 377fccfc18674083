using RedisProxy.Audit;
using RedisProxy.Configuration;
using RedisProxy.DataPlane;
using RedisProxy.Servers;

namespace RedisProxy.Failover;

/// <summary>All checks before a failover on demand: of the servers, and of the listeners that would be held. Changes nothing.</summary>
internal sealed class FailoverReview(ProxyOptions options, TopologyContext context)
{
    /// <param name="held">The listeners of the master, at least one.</param>
    public async Task<FailoverPlan> RunAsync(IReadOnlyList<DataPlaneListener> held)
    {
        FailoverPlan plan = await new FailoverPreflight(options, context).RunAsync(held[0].Source.Current);
        FailoverCheck[] audit = plan.Master is { } master ? [await AuditAsync(master, plan.Replicas)] : [];
        var listeners = new FailoverCheck(FailoverCheck.Listeners)
        {
            Objections =
                [.. held.Where(listener => listener.IsPaused).Select(listener => $"listener '{listener.Options.Name}' is paused")],
        };
        return plan with { Checks = [.. plan.Checks, .. audit, listeners] };
    }

    /// <summary>
    /// What the replicas lack compared with the master, or that this is unknown. A warning is no reason to put off maintenance.
    /// </summary>
    private static async Task<FailoverCheck> AuditAsync(ServerConnection oldMaster, IReadOnlyList<ServerConnection> others)
    {
        ServerFacts master = await FactCollector.AskAsync(oldMaster);
        ServerFacts[] replicas = await Task.WhenAll(others.Select(FactCollector.AskAsync));
        IEnumerable<string> unknown = replicas.Prepend(master)
            .Where(server => server.IsKnown && server.Settings.Count == 0)
            .Select(server => $"{server.Announced}: {string.Join(", ", server.Refusals)}");
        IEnumerable<string> critical = DeploymentAudit.JudgeServers(master, replicas)
            .Where(finding => finding.Severity == Severity.Critical)
            .Select(finding => $"{finding.Where}: {finding.Topic} {finding.Text}");
        return new FailoverCheck(FailoverCheck.Audit) { Objections = [.. unknown, .. critical] };
    }
}
