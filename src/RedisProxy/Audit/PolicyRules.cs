using RedisProxy.Configuration;
using RedisProxy.Servers;

namespace RedisProxy.Audit;

/// <summary>Do the servers match <c>roles</c>? A running proxy enforces it; this reports where it has not, or could not.</summary>
internal static class PolicyRules
{
    public static IEnumerable<Finding> Check(DeploymentFacts facts, RoleOptions roles)
    {
        if (!roles.IsAbout(facts.MasterName))
        {
            return [];
        }

        IEnumerable<Finding> replicas = facts.Replicas.Where(replica => replica.Info.GetValueOrDefault("role") == "slave")
            .SelectMany(replica => Check(replica, roles.Replica.Config, "roles.replica.config"));
        return facts.Master is { } master && master.Info.GetValueOrDefault("role") == "master"
            ? Check(master, roles.Master.Config, "roles.master.config").Concat(replicas)
            : replicas;
    }

    private static IEnumerable<Finding> Check(ServerFacts server, IReadOnlyDictionary<string, string> wanted, string key) =>
        from one in wanted.OrderBy(one => one.Key, StringComparer.Ordinal)
        where server.Settings.ContainsKey(one.Key) && !ServerSetting.IsAs(one.Key, server.Setting(one.Key), one.Value)
        select new Finding(
            Severity.Warning, server.Announced, one.Key, $"is '{server.Setting(one.Key)}', but {key} requires '{one.Value}'");
}
