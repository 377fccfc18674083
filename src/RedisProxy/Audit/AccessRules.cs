namespace RedisProxy.Audit;

/// <summary>Would clients and servers be let in after a failover? No finding says a password, or the hash of one.</summary>
internal static class AccessRules
{
    private const string Default = "default";

    public static IEnumerable<Finding> Check(ServerFacts master, ServerFacts replica)
    {
        bool areSettingsKnown = master.Settings.Count > 0 && replica.Settings.Count > 0;
        bool isPasswordEqual = master.Setting("requirepass") == replica.Setting("requirepass");
        if (areSettingsKnown && !isPasswordEqual)
        {
            yield return new Finding(
                Severity.Critical, replica.Announced, "requirepass",
                "is another one than the master's: promoted, this one would refuse clients that the master lets in, or let in others");
        }

        if (areSettingsKnown && replica.Setting("requirepass") is { Length: > 0 } password && master.Setting("masteruser").Length == 0
            && master.Setting("masterauth") != password)
        {
            yield return new Finding(
                Severity.Critical, master.Announced, "masterauth",
                $"is not the password of {replica.Announced}: after a failover this one could not follow it");
        }

        if (master.Users is not { } users || replica.Users is not { } own)
        {
            yield break;
        }

        foreach ((string user, string rules) in users.Where(user => user.Key != Default || isPasswordEqual))
        {
            if (!own.TryGetValue(user, out string? ownRules))
            {
                yield return new Finding(
                    Severity.Critical, replica.Announced, "ACL",
                    $"has no user '{user}', whom the master has: after a failover its clients would be refused");
            }
            else if (Meaning(master, rules, master) != Meaning(replica, ownRules, master))
            {
                yield return new Finding(
                    Severity.Critical, replica.Announced, "ACL",
                    $"gives user '{user}' another password or other rights than the master: its clients may be refused");
            }
        }

        foreach (string user in own.Keys.Except(users.Keys))
        {
            yield return new Finding(
                Severity.Warning, replica.Announced, "ACL",
                $"has a user '{user}', whom the master does not know: promoted, it would let them in");
        }
    }

    // Categories are those of one server for both: what a newer one has added to them is a matter of versions.
    private static AclUser Meaning(ServerFacts server, string rules, ServerFacts master)
    {
        bool knowsChannels = !server.Info.GetValueOrDefault("redis_version", "").StartsWith("6.0.", StringComparison.Ordinal);
        return AclUser.Parse(rules, master.Categories, knowsChannels);
    }
}
