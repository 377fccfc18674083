using System.Globalization;

using RedisProxy.Configuration;
using RedisProxy.Servers;

namespace RedisProxy.Audit;

/// <summary>Rules about a single server, and about the software and the data of two.</summary>
internal static class ServerRules
{
    private const double MaxMissingKeys = 0.01;

    // A restart takes these from the file. A failover writes the running values into it, because Sentinel sends CONFIG REWRITE.
    private static readonly string[] FileSettings =
        ["maxmemory", "maxmemory-policy", "save", "appendonly", "min-replicas-to-write", "repl-backlog-size", "timeout", "tcp-keepalive",
         "maxclients", "replica-priority", "replica-read-only"];

    private static readonly string[] Memory = ["maxmemory", "repl-backlog-size"];

    public static IEnumerable<Finding> CheckAlone(ServerFacts server)
    {
        if (!server.IsKnown)
        {
            yield return new Finding(
                Severity.Critical, server.Announced, "unreachable", $"was not checked: {server.Failure}");
            yield break;
        }

        foreach (string refusal in server.Refusals)
        {
            yield return new Finding(Severity.Note, server.Announced, "not looked at", refusal);
        }

        if (server.MissingCommands.Count > 0)
        {
            yield return new Finding(
                Severity.Warning, server.Announced, "rename-command",
                $"does not know {string.Join(", ", server.MissingCommands)}: "
                + "unless Sentinel knows the other name, a failover fails");
        }

        if (server.Info.TryGetValue("config_file", out string? path) && path.Length == 0)
        {
            yield return new Finding(
                Severity.Warning, server.Announced, "config file",
                "runs without one: its role and every CONFIG SET are lost with a restart");
        }

        foreach (Finding finding in CheckFile(server).Concat(CheckPersistence(server)))
        {
            yield return finding;
        }
    }

    public static IEnumerable<Finding> CheckPair(ServerFacts master, ServerFacts replica)
    {
        if (replica.Info.GetValueOrDefault("role") != "slave")
        {
            yield return new Finding(
                Severity.Critical, replica.Announced, "role",
                $"is a {replica.Info.GetValueOrDefault("role", "server without a role")}, but Sentinel lists it as a replica");
        }
        else if (replica.Info.GetValueOrDefault("master_link_status") != "up")
        {
            yield return new Finding(
                Severity.Critical, replica.Announced, "replication", "has no link to the master: it falls behind, and is promoted last");
        }
        else if (LagOf(master, replica) is not { } lag)
        {
            yield return new Finding(
                Severity.Warning, replica.Announced, "replication",
                "may not be up to date: it or the master does not report its offset");
        }
        else if (lag > ReplicaOptions.DefaultMaxLagBytes)
        {
            yield return new Finding(
                Severity.Warning, replica.Announced, "replication", $"is {MemoryRules.Size(lag)} behind: a promotion now would lose that");
        }

        if (master.Version != replica.Version)
        {
            yield return new Finding(
                Severity.Warning, replica.Announced, "version",
                $"is {replica.Version} here and {master.Version} on the master: after a failover the older one may not understand what "
                + "the newer one sends");
        }

        foreach (Finding finding in CheckModules(master, replica).Concat(CheckKeys(master, replica)))
        {
            yield return finding;
        }

        if (Persists(master) && replica.Settings.Count > 0 && !Persists(replica))
        {
            yield return new Finding(
                Severity.Warning, replica.Announced, "persistence",
                "writes nothing to disk, but the master does: a restart after a failover would begin empty");
        }
    }

    private static long? LagOf(ServerFacts master, ServerFacts replica) =>
        ReplicationFacts.Read(master.Info).Offset - ReplicationFacts.Read(replica.Info).Offset;

    private static bool Persists(ServerFacts server) =>
        server.Settings.Count > 0 && (server.Setting("save").Length > 0 || server.Setting("appendonly") == "yes");

    // https://redis.io/docs/latest/operate/oss_and_stack/management/replication/, "Safety of replication when master has persistence
    // turned off".
    private static IEnumerable<Finding> CheckPersistence(ServerFacts server)
    {
        if (server.Settings.Count > 0 && server.Info.GetValueOrDefault("role") == "master" && !Persists(server))
        {
            yield return new Finding(
                Severity.Warning, server.Announced, "persistence",
                "writes nothing to disk: a restart within down-after-milliseconds yields an empty master, and every replica copies it");
        }

        if (server.Info.GetValueOrDefault("rdb_last_bgsave_status", "ok") != "ok")
        {
            yield return new Finding(
                Severity.Critical, server.Announced, "persistence",
                "could not save last time: with stop-writes-on-bgsave-error it refuses writes as a master");
        }
    }

    private static IEnumerable<Finding> CheckModules(ServerFacts master, ServerFacts replica)
    {
        if (master.Modules is null || replica.Modules is null)
        {
            yield break;
        }

        foreach ((string module, string version) in master.Modules)
        {
            string? own = replica.Modules.GetValueOrDefault(module);
            if (own != version)
            {
                yield return new Finding(
                    own is null ? Severity.Critical : Severity.Warning, replica.Announced, "modules",
                    own is null
                        ? $"has no module {module}: after a failover its commands would be unknown"
                        : $"has module {module} in version {own}, but the master has version {version}");
            }
        }
    }

    private static IEnumerable<Finding> CheckKeys(ServerFacts master, ServerFacts replica)
    {
        foreach (string database in master.Keyspace.Keys.Union(replica.Keyspace.Keys).Order(StringComparer.Ordinal))
        {
            long keys = Keys(master, database);
            long own = Keys(replica, database);
            if (Math.Abs(keys - own) > Math.Max(keys, own) * MaxMissingKeys)
            {
                yield return new Finding(
                    own < keys ? Severity.Warning : Severity.Note, replica.Announced, "keys",
                    $"has {own} keys in {database}, the master {keys}: the difference is expired keys, or lost ones");
            }
        }
    }

    private static long Keys(ServerFacts server, string database)
    {
        string count = server.Keyspace.GetValueOrDefault(database, "").Split(',')[0].Replace("keys=", "", StringComparison.Ordinal);
        return long.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out long keys) ? keys : 0;
    }

    private static IEnumerable<Finding> CheckFile(ServerFacts server)
    {
        if (server.File is not { } file)
        {
            yield break;
        }

        foreach (string name in FileSettings.Where(name => file.ContainsKey(name) && server.Settings.ContainsKey(name)))
        {
            string running = server.Setting(name);
            string written = Array.IndexOf(Memory, name) >= 0 ? ServerSetting.Bytes(file[name]) : file[name];
            if (!running.Equals(written, StringComparison.OrdinalIgnoreCase))
            {
                yield return new Finding(
                    Severity.Warning, server.Announced, name,
                    $"runs with '{running}', but the configuration file has '{written}': a restart restores the old value, "
                    + "and a failover writes the running one into the file");
            }
        }
    }
}
