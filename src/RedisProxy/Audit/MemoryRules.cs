using System.Globalization;

namespace RedisProxy.Audit;

/// <summary>
/// Would the replica, once promoted, keep the master's data? A replica ignores its own limit (replica-ignore-maxmemory, on since redis
/// 5) until it becomes a master, so nothing shows before.
/// </summary>
internal static class MemoryRules
{
    private const string NoEviction = "noeviction";

    public static IEnumerable<Finding> Check(ServerFacts master, ServerFacts replica)
    {
        if (master.Settings.Count == 0 || replica.Settings.Count == 0)
        {
            yield break;
        }

        if (CheckLimit(master, replica) is { } limit)
        {
            yield return limit;
        }

        if (CheckPolicy(master, replica) is { } policy)
        {
            yield return policy;
        }

        if (replica.Setting("replica-ignore-maxmemory") == "no" && replica.SettingNumber("maxmemory") > 0)
        {
            yield return new Finding(
                Severity.Warning, replica.Announced, "replica-ignore-maxmemory",
                "is no, so this replica evicts keys by itself: it may silently lack keys of the master when it is promoted");
        }
    }

    private static Finding? CheckLimit(ServerFacts master, ServerFacts replica)
    {
        long limit = replica.SettingNumber("maxmemory");
        long masters = master.SettingNumber("maxmemory");
        if (limit > 0 && limit < master.UsedBytes)
        {
            string loss = replica.Setting("maxmemory-policy") == NoEviction ? "refuse writes" : "evict keys until the rest fits";
            return new Finding(
                Severity.Critical, replica.Announced, "maxmemory",
                $"is {Size(limit)}, but the master uses {Size(master.UsedBytes)}: once promoted, this replica would {loss}");
        }

        string other = $"is {Limit(limit)} here and {Limit(masters)} on the master";
        return (limit, masters) switch
        {
            _ when limit == masters => null,
            (0, _) => new Finding(
                Severity.Warning, replica.Announced, "maxmemory",
                $"{other}: once promoted, this replica would grow beyond the master's limit, until the machine runs out of memory"),
            _ when masters == 0 || limit < masters => new Finding(
                Severity.Critical, replica.Announced, "maxmemory",
                $"{other}: once promoted, this replica would evict or refuse what the master would keep"),
            _ => new Finding(Severity.Warning, replica.Announced, "maxmemory", $"{other}: the limit would change with a failover"),
        };
    }

    private static Finding? CheckPolicy(ServerFacts master, ServerFacts replica)
    {
        string own = replica.Setting("maxmemory-policy");
        string masters = master.Setting("maxmemory-policy");
        if (own == masters)
        {
            return null;
        }

        string consequence = own == NoEviction ? "refuse writes where the master evicts"
            : masters == NoEviction ? "evict keys where the master refuses writes"
            : "evict other keys than the master";
        return new Finding(
            Severity.Critical, replica.Announced, "maxmemory-policy",
            $"is {own} here and {masters} on the master: once promoted and full, this replica would {consequence}");
    }

    private static string Limit(long bytes) => bytes == 0 ? "not set" : Size(bytes);

    /// <summary>With at most two decimals.</summary>
    internal static string Size(long bytes)
    {
        string[] units = ["B", "KiB", "MiB", "GiB", "TiB"];
        int unit = 0;
        double value = bytes;
        for (; value >= 1024 && unit < units.Length - 1; unit++)
        {
            value /= 1024;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{value:0.##} {units[unit]}");
    }
}
