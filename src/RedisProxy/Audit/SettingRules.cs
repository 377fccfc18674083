namespace RedisProxy.Audit;

/// <summary>Settings that should be equal on a master and its replicas, with what comes of it when they are not.</summary>
internal static class SettingRules
{
    private sealed record Rule(string Name, Severity Severity, string Consequence);

    private static readonly Rule[] Rules =
    [
        new("databases", Severity.Critical, "a SELECT that works now would fail after a failover, or the other way round"),
        new("maxclients", Severity.Warning, "clients that are connected now might find no room after a failover"),
        new("timeout", Severity.Warning, "idle clients would be cut off after another time"),
        new("tcp-keepalive", Severity.Warning, "idle connections through a firewall might be forgotten by it after a failover"),
        new("repl-backlog-size", Severity.Warning, "a replica that was away could need a full copy after a failover where it does not now"),
        new("repl-timeout", Severity.Warning, "replicas would be given up after another time"),
        new("client-output-buffer-limit", Severity.Warning, "replicas and subscribers would be cut off at another size"),
        new("min-replicas-to-write", Severity.Warning, "writes would be refused with another number of replicas"),
        new("min-replicas-max-lag", Severity.Warning, "writes would be refused at another lag"),
        new("notify-keyspace-events", Severity.Warning, "subscribers would get other events, or none"),
        new("proto-max-bulk-len", Severity.Warning, "values might be refused that fit now"),
        new("replica-serve-stale-data", Severity.Note, "a replica without its master would answer otherwise"),
        new("appendfsync", Severity.Warning, "a crash would lose another second's worth of writes, or all writes would be slower"),
        new("latency-tracking", Severity.Note, "figures would go missing"),
        new("slowlog-log-slower-than", Severity.Note, "the slow log would hold something else"),
    ];

    private const string Listpack = "-listpack-";
    private const string Ziplist = "-ziplist-";

    // Who is bigger or smaller decides how much memory the same data takes: they are the book case of a failover that ran out of it.
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
            IEnumerable<string> each = encodings.Select(name => $"{name} is {replica.Setting(name)} and not {master.Setting(name)}");
            yield return new Finding(
                Severity.Warning, replica.Announced, "encoding",
                $"{string.Join(", ", each)}: the same data takes another amount of memory here than on the master");
        }

        if (replica.Setting("replica-read-only") == "no")
        {
            yield return new Finding(
                Severity.Warning, replica.Announced, "replica-read-only",
                "is no: what is written here is on no other server, and is lost with the next full copy");
        }
    }

    public static IEnumerable<Finding> CheckReplicaCount(ServerFacts replica, int replicas)
    {
        // The other replicas follow the new master at once, and the old master when it is back.
        long needed = replica.SettingNumber("min-replicas-to-write");
        if (needed > replicas - 1)
        {
            yield return new Finding(
                Severity.Critical, replica.Announced, "min-replicas-to-write",
                $"is {needed}, and promoted it would have {replicas - 1} replicas at first: it would refuse writes until more follow it");
        }
    }

    private static bool IsEncoding(string name) => EncodingParts.Any(part => name.Contains(part, StringComparison.Ordinal));

    // A setting that one of them does not have is a matter of versions.
    private static bool Differs(string name, ServerFacts master, ServerFacts replica) =>
        master.Settings.TryGetValue(name, out string? one) && replica.Settings.TryGetValue(name, out string? other) && one != other;

    private static string Value(ServerFacts server, string name) => server.Setting(name) is { Length: > 0 } value ? value : "empty";
}
