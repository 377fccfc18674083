using System.Globalization;

using RedisProxy.Configuration;
using RedisProxy.Resp;

namespace RedisProxy.Topology;

/// <summary>
/// The servers' side of a failover on demand, step by step. Writes of all clients, also of those that do not come through a proxy, are
/// paused at the old master (<c>CLIENT PAUSE … WRITE</c>) until a replica has everything and is the master. Then the old one is made its
/// replica, and only then released, so that it answers everything that waited with READONLY.
/// </summary>
internal sealed class Handover(FailoverPlan plan, ProxyOptions options, TopologyContext context)
{
    // Renewed while it is needed. Should this process die, the clients of the old master wait no longer than this.
    private const string PauseMs = "5000";

    private static readonly TimeSpan RenewInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(2);

    private readonly ServerConnection _master = plan.Master!;
    private long _pausedAt;

    /// <summary>Writes are paused at the old master, or may be, and it has not been released.</summary>
    public bool IsPaused { get; private set; }

    /// <summary>Bytes of the replication stream that a replica has not got.</summary>
    public static async Task<long> LagAsync(ServerConnection master, ServerConnection replica)
    {
        long written = Number(await master.InfoAsync("replication"), "master_repl_offset");
        IReadOnlyDictionary<string, string> own = await replica.InfoAsync("replication");
        return own.GetValueOrDefault("role") == "slave" ? Math.Max(0, written - Number(own, "slave_repl_offset")) : long.MaxValue;
    }

    public async Task PauseWritesAsync()
    {
        _pausedAt = context.Time.GetTimestamp();

        // Before the answer: one that does not come says nothing about whether it is paused.
        IsPaused = true;
        await _master.AskAsync("CLIENT", "PAUSE", PauseMs, "WRITE");
    }

    /// <summary>Until every replica that Sentinel may choose has all that was written: which one it chooses, it decides itself.</summary>
    /// <returns>False: not within the time.</returns>
    public async Task<bool> WaitUntilCaughtUpAsync(TimeSpan within)
    {
        foreach (ServerConnection replica in plan.Replicas)
        {
            if (!await UntilAsync(within, async () => await LagAsync(_master, replica) == 0))
            {
                return false;
            }
        }

        return true;
    }

    /// <exception cref="ServerException">Sentinel refuses, for example because it sees no good replica.</exception>
    public async Task OrderAsync()
    {
        string[] order = ["SENTINEL", "FAILOVER", plan.MasterName];
        RespValue[] info = await SentinelCall.AskAsync(plan.Sentinel!, options, context, ["INFO", "server"]);
        if (KnowsCoordinated(info[0]))
        {
            order = [.. order, "COORDINATED"];
        }

        RespValue[] replies = await SentinelCall.AskAsync(plan.Sentinel!, options, context, order);
        if (replies[0].IsError)
        {
            throw new ServerException($"Sentinel {plan.Sentinel} refuses: {replies[0].Text}");
        }
    }

    /// <summary>Asks often: until the old master is demoted, an impatient proxy elsewhere may still take its silence for a loss.</summary>
    /// <returns>The replica that is a master now; null: none, within the time.</returns>
    public async Task<ServerConnection?> WaitUntilPromotedAsync(TimeSpan within)
    {
        ServerConnection? promoted = null;
        await UntilAsync(within, async () =>
        {
            promoted = await FindMasterAsync();
            return promoted is not null;
        });
        return promoted;
    }

    /// <summary>Everything that waited at the old master is refused by it now, and goes to the new one.</summary>
    public async Task DemoteAsync(ServerConnection promoted)
    {
        string port = promoted.Announced.Port.ToString(CultureInfo.InvariantCulture);
        await _master.AskAsync("REPLICAOF", promoted.Announced.Host, port);
        await ReleaseAsync();
    }

    /// <summary>
    /// Lets the clients of the old master go on. Not while a replica is a master and this one is, too: what they write would be lost. Then
    /// the pause is left to run out.
    /// </summary>
    public async Task ReleaseAsync()
    {
        if (await _master.RoleAsync() == "master" && await FindMasterAsync() is { } other)
        {
            throw new ServerException(
                $"{_master.Announced} is still a master beside {other.Announced}; its clients stay paused for up to {PauseMs} ms");
        }

        await _master.AskAsync("CLIENT", "UNPAUSE");
        IsPaused = false;
    }

    /// <summary>As Sentinel does when it makes a replica of a master: clients that look for the master at Sentinel look anew.</summary>
    public async Task EndOldConnectionsAsync()
    {
        await _master.TryAskAsync("CLIENT", "KILL", "TYPE", "normal");
        await _master.TryAskAsync("CLIENT", "KILL", "TYPE", "pubsub");
    }

    private async Task<ServerConnection?> FindMasterAsync()
    {
        foreach (ServerConnection replica in plan.Replicas)
        {
            try
            {
                if (await replica.RoleAsync() == "master")
                {
                    return replica;
                }
            }
            catch (ServerException)
            {
                // Sentinel ends all connections of the one that it promotes. It is asked again, over a new one.
            }
        }

        return null;
    }

    private async Task<bool> UntilAsync(TimeSpan within, Func<Task<bool>> condition)
    {
        long begun = context.Time.GetTimestamp();
        while (!await condition())
        {
            if (context.Time.GetElapsedTime(begun) > within)
            {
                return false;
            }

            if (context.Time.GetElapsedTime(_pausedAt) > RenewInterval)
            {
                await PauseWritesAsync();
            }

            await Task.Delay(LookInterval, context.Time);
        }

        return true;
    }

    // Valkey 9: the master itself pauses, waits for the replica and steps down.
    private static bool KnowsCoordinated(RespValue info)
    {
        const string Mark = "valkey_version:";
        int at = info.Text.IndexOf(Mark, StringComparison.Ordinal);
        string major = at < 0 ? "" : info.Text[(at + Mark.Length)..].Split('.')[0];
        return int.TryParse(major, NumberStyles.None, CultureInfo.InvariantCulture, out int version) && version >= 9;
    }

    private static long Number(IReadOnlyDictionary<string, string> fields, string name) =>
        long.TryParse(fields.GetValueOrDefault(name), NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : 0;
}
