namespace RedisProxy.Audit;

/// <summary>Would clients and servers be admitted after a failover? No finding contains a password or its hash.</summary>
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
                "differs from the master's: once promoted, it would refuse clients that the master accepts, or accept others");
        }

        if (areSettingsKnown && replica.Setting("requirepass") is { Length: > 0 } password && master.Setting("masteruser").Length == 0
            && master.Setting("masterauth") != password)
        {
            yield return new Finding(
                Severity.Critical, master.Announced, "masterauth",
                $"is not the password of {replica.Announced}: after a failover this server could not replicate from it");
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
                    $"lacks the master's user '{user}': after a failover its clients would be refused");
            }
            else if (Meaning(master, rules, master) != Meaning(replica, ownRules, master))
            {
                yield return new Finding(
                    Severity.Critical, replica.Announced, "ACL",
                    $"gives user '{user}' a different password or permissions than the master: its clients may be refused");
            }
        }

        foreach (string user in own.Keys.Except(users.Keys))
        {
            yield return new Finding(
                Severity.Warning, replica.Announced, "ACL",
                $"has a user '{user}' unknown to the master: once promoted, it would accept that user");
        }
    }

    // One server's categories for both: what a newer version has added to them is a matter of versions.
    private static AclUser Meaning(ServerFacts server, string rules, ServerFacts master)
    {
        bool knowsChannels = !server.Info.GetValueOrDefault("redis_version", "").StartsWith("6.0.", StringComparison.Ordinal);
        return AclUser.Parse(rules, master.Categories, knowsChannels);
    }
}
