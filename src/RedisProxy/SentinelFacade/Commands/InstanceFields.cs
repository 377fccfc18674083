using System.Globalization;
using System.Security.Cryptography;
using System.Text;

using RedisProxy.Configuration;

namespace RedisProxy.SentinelFacade;

/// <summary>
/// A Sentinel's description of an instance, field by field and in its order (sentinel.c, addReplySentinelRedisInstance, 7.0). It
/// describes the proxy, which is up, so no time is overdue and nothing is down; the epoch, the quorum and the number of Sentinels are
/// those of the deployment. Values unknown to the proxy are Sentinel's own defaults.
/// </summary>
internal static class InstanceFields
{
    private const string DownAfter = "30000";
    private const string FailoverTimeout = "180000";

    public static IReadOnlyList<(string Name, string Value)> OfMaster(FacadeContext context, FacadeMaster master) =>
    [
        .. Head(context, master.Address, master.Name, master.IsGivenUp ? "s_down,o_down,master" : "master"),
        ("role-reported", "master"),
        ("role-reported-time", Number((long)context.Time.GetElapsedTime(context.Started).TotalMilliseconds)),
        ("config-epoch", Number(master.View.Epoch)),
        ("num-slaves", Number(master.Replicas.Count)),
        ("num-other-sentinels", Number(Math.Max(0, master.View.Sentinels.Count - 1))),
        ("quorum", Number(master.Quorum)),
        ("failover-timeout", FailoverTimeout),
        ("parallel-syncs", "1"),
    ];

    public static IReadOnlyList<(string Name, string Value)> OfReplica(FacadeContext context, FacadeMaster master, HostEndpoint replica) =>
    [
        .. Head(context, replica, $"{replica.Host}:{replica.Port}", "slave"),
        ("role-reported", "slave"),
        ("role-reported-time", Number((long)context.Time.GetElapsedTime(context.Started).TotalMilliseconds)),
        ("master-link-down-time", "0"),
        ("master-link-status", "ok"),
        ("master-host", master.Address.Host),
        ("master-port", Number(master.Address.Port)),
        ("slave-priority", "100"),
        ("slave-repl-offset", "0"),
        ("replica-announced", "1"),
    ];

    private static IReadOnlyList<(string Name, string Value)> Head(
        FacadeContext context, HostEndpoint address, string name, string flags) =>
    [
        ("name", name),
        ("ip", address.Host),
        ("port", Number(address.Port)),
        ("runid", RunIdOf(context, name)),
        ("flags", flags),
        ("link-pending-commands", "0"),
        ("link-refcount", "1"),
        ("last-ping-sent", "0"),
        ("last-ok-ping-reply", "0"),
        ("last-ping-reply", "0"),
        ("down-after-milliseconds", DownAfter),
        ("info-refresh", "0"),
    ];

    // Of the process behind the address, which is this one; a different one for each master, as with servers.
    private static string RunIdOf(FacadeContext context, string name) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{context.ServerId} {name}")).AsSpan(0, 20));

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
