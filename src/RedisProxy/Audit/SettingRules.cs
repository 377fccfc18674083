namespace RedisProxy.Audit;

/// <summary>Settings that should be equal on a master and its replicas, and the consequence when they are not.</summary>
internal static class SettingRules
{
    private sealed record Rule(string Name, Severity Severity, string Consequence);

    private static readonly Rule[] Rules =
    [
        new("databases", Severity.Critical, "a SELECT that works now would fail after a failover, or vice versa"),
        new("maxclients", Severity.Warning, "clients connected now might be refused after a failover"),
        new("timeout", Severity.Warning, "idle clients would be disconnected after a different time"),
        new("tcp-keepalive", Severity.Warning, "a firewall might drop idle connections after a failover"),
        new("repl-backlog-size", Severity.Warning, "a disconnected replica could need a full sync after a failover where it does not now"),
        new("repl-timeout", Severity.Warning, "replicas would time out after a different time"),
        new("client-output-buffer-limit", Severity.Warning, "replicas and subscribers would be disconnected at a different buffer size"),
        new("min-replicas-to-write", Severity.Warning, "writes would be refused at a different number of replicas"),
        new("min-replicas-max-lag", Severity.Warning, "writes would be refused at a different lag"),
        new("notify-keyspace-events", Severity.Warning, "subscribers would receive different events, or none"),
        new("proto-max-bulk-len", Severity.Warning, "values accepted now might be refused"),
        new("replica-serve-stale-data", Severity.Note, "a replica without its master would answer differently"),
        new("appendfsync", Severity.Warning, "a crash would lose more writes, or every write would be slower"),
        new("latency-tracking", Severity.Note, "statistics would be missing"),
        new("slowlog-log-slower-than", Severity.Note, "the slow log would contain different commands"),
    ];

    private const string Listpack = "-listpack-";
    private const string Ziplist = "-ziplist-";

    // These limits decide how much memory the same data takes: the classic case of a failover that runs out of it.
    private static readonly string[] EncodingParts = [Listpack, Ziplist, "-intset-", "stream-node-max-", "hll-sparse-max-"];

    public static IEnumerable<Finding> Check(ServerFacts master, ServerFacts replica)
    {
        if (master.Settings.Count == 0 || replica.Settings.Count == 0)
        {
            yield break;
        }

        foreach (Rule rule in Rules.Where(rule => Differs(rule.Name, master, replica)))
        {
            yield return new Finding(
                rule.Severity, replica.Announced, rule.Name,
                $"is {Value(replica, rule.Name)} here and {Value(master, rule.Name)} on the master: {rule.Consequence}");
        }

        // Since redis 7 each ziplist setting is the alias of a listpack one, and both are listed.
        string[] differing = [.. master.Settings.Keys.Where(IsEncoding).Where(name => Differs(name, master, replica)).Order()];
        IEnumerable<string> aliases = differing.Where(name => name.Contains(Listpack, StringComparison.Ordinal))
            .Select(name => name.Replace(Listpack, Ziplist, StringComparison.Ordinal));
        string[] encodings = [.. differing.Except(aliases)];
        if (encodings.Length > 0)
        {
            IEnumerable<string> each = encodings.Select(name => $"{name} is {replica.Setting(name)} instead of {master.Setting(name)}");
            yield return new Finding(
                Severity.Warning, replica.Announced, "encoding",
                $"{string.Join(", ", each)}: the same data takes a different amount of memory here than on the master");
        }

        if (replica.Setting("replica-read-only") == "no")
        {
            yield return new Finding(
                Severity.Warning, replica.Announced, "replica-read-only",
                "is no: a write to it reaches no other server, and is lost with the next full sync");
        }
    }

    public static IEnumerable<Finding> CheckReplicaCount(ServerFacts replica, int replicas)
    {
        // The other replicas follow the new master immediately, the old master once it is back.
        long needed = replica.SettingNumber("min-replicas-to-write");
        if (needed > replicas - 1)
        {
            yield return new Finding(
                Severity.Critical, replica.Announced, "min-replicas-to-write",
                $"is {needed}, but once promoted it would have {replicas - 1} replicas at first: it would refuse writes until more follow");
        }
    }

    private static bool IsEncoding(string name) => EncodingParts.Any(part => name.Contains(part, StringComparison.Ordinal));

    // A setting that one of them lacks is a matter of versions.
    private static bool Differs(string name, ServerFacts master, ServerFacts replica) =>
        master.Settings.TryGetValue(name, out string? one) && replica.Settings.TryGetValue(name, out string? other) && one != other;

    private static string Value(ServerFacts server, string name) => server.Setting(name) is { Length: > 0 } value ? value : "empty";
}
