using System.Globalization;

using RedisProxy.Configuration;
using RedisProxy.Resp;
using RedisProxy.Servers;

namespace RedisProxy.Failover;

/// <summary>
/// The servers' side of a failover on demand, step by step. Writes of all clients, also of those that do not come through a proxy, are
/// paused at the old master until a replica has everything and is the master. Then the old one is made its replica, and only then
/// released, so that it answers everything that waited with READONLY.
/// </summary>
internal sealed class FailoverSteps(FailoverPlan plan, ProxyOptions options, TopologyContext context) : IAsyncDisposable
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan AskSentinelsInterval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan DemoteWithin = TimeSpan.FromSeconds(2);

    // What a Sentinel said just before it died may still be under way to a replica.
    private const int AnswersToBelieve = 2;

    private readonly ServerConnection _master = plan.Master!;
    private readonly WritePause _pause = new(plan.Master!.Another(), context.Time);
    private readonly ReplicaRoles _roles = new(plan.Replicas);
    private readonly FailoverOrder _order = new(plan, options, context);

    /// <summary>Writes are paused at the old master, or may be, and it has not been released.</summary>
    public bool IsPaused => _pause.IsOn;

    /// <summary>Surely nothing was written to the old master since the pause began.</summary>
    public bool IsPauseUnbroken => _pause.IsUnbroken;

    /// <summary>The Sentinels have said that no failover is under way, so nothing comes of the order any more.</summary>
    public bool IsOrderSettled { get; private set; }

    /// <summary>Bytes of the replication stream that a replica has not got; null when one of both does not say how far it is.</summary>
    public static async Task<long?> LagAsync(ServerConnection master, ServerConnection replica)
    {
        long? written = ReplicationFacts.Read(await master.InfoAsync("replication")).Offset;
        var own = ReplicationFacts.Read(await replica.InfoAsync("replication"));
        return own.IsMaster || written - own.Offset is not { } lag ? null : Math.Max(0, lag);
    }

    public Task PauseWritesAsync() => _pause.BeginAsync();

    /// <summary>Until every replica that Sentinel may choose has all that was written: which one it chooses, it decides itself.</summary>
    /// <returns>False: not within the time.</returns>
    public async Task<bool> WaitUntilCaughtUpAsync(TimeSpan within)
    {
        long begun = context.Time.GetTimestamp();
        foreach (ServerConnection replica in plan.Replicas)
        {
            while (await LagAsync(_master, replica) is not 0)
            {
                if (context.Time.GetElapsedTime(begun) > within)
                {
                    return false;
                }

                await Task.Delay(LookInterval, context.Time);
            }
        }

        return true;
    }

    /// <summary>Tells Sentinel. From here on a failover may be under way, whatever else fails.</summary>
    /// <returns>What there is to say of it.</returns>
    /// <exception cref="ServerException">Surely none has begun.</exception>
    public Task<string> OrderAsync() => _pause.IsUnbroken
        ? _order.GiveAsync()
        : throw new ServerException($"{_master.Announced} may have executed writes meanwhile: its pause could not be renewed in time");

    /// <summary>
    /// Asks often: until the old master is demoted, an impatient proxy elsewhere may still take its silence for a loss. That the old master
    /// does not answer any more is no reason to give up, and neither is a Sentinel that says nothing: it may be at it.
    /// </summary>
    /// <returns>The replica that is a master now; null: none within the time, or Sentinel is not at it (any more).</returns>
    public async Task<ServerConnection?> WaitUntilPromotedAsync(TimeSpan within)
    {
        long begun = context.Time.GetTimestamp();
        int answers = 0;
        Task<bool> asked = AskSentinelsAsync();
        while (answers < AnswersToBelieve && context.Time.GetElapsedTime(begun) < within)
        {
            if (await _roles.LookAsync() is { } promoted)
            {
                return promoted;
            }

            if (asked.IsCompleted)
            {
                answers = await asked ? answers + 1 : 0;
                asked = AskSentinelsAsync();
            }

            await Task.Delay(LookInterval, context.Time);
        }

        // After the Sentinels' last answer.
        IsOrderSettled = answers == AnswersToBelieve;
        return await _roles.FindAsync();
    }

    /// <summary>Everything that waited at the old master is refused by it now, and goes to the new one.</summary>
    /// <exception cref="ServerException">It is not known that the old master is a replica. Its pause is left to run out.</exception>
    public async Task DemoteAsync(ServerConnection promoted)
    {
        string port = promoted.Announced.Port.ToString(CultureInfo.InvariantCulture);
        long begun = context.Time.GetTimestamp();
        while (await TryDemoteAsync(promoted.Announced.Host, port) is { } failure)
        {
            if (context.Time.GetElapsedTime(begun) > DemoteWithin)
            {
                await _pause.LetRunOutAsync();
                throw new ServerException(
                    $"{failure}; so it may be a master beside {promoted.Announced} until Sentinel demotes it. "
                    + $"Its clients' writes wait for at most {WritePause.Lasts.TotalSeconds} s");
            }

            await Task.Delay(LookInterval, context.Time);
        }

        await _pause.EndAsync();
    }

    /// <summary>
    /// Ends what was begun, as far as it came: lets the clients of the old master go on. When a replica is a master by now the old one is
    /// demoted first; else what they write would be lost.
    /// </summary>
    /// <returns>The replica that has become the master after all; null: nothing has changed.</returns>
    public async Task<ServerConnection?> ReleaseAsync()
    {
        ServerConnection? promoted = _order.IsGiven ? await _roles.FindAsync() : null;
        if (promoted is not null)
        {
            await DemoteAsync(promoted);
        }
        else
        {
            await _pause.EndAsync();
        }

        return promoted;
    }

    /// <summary>As Sentinel does when it makes a replica of a master: clients that look for the master at Sentinel look anew.</summary>
    public async Task EndOldConnectionsAsync()
    {
        await _master.TryAskAsync("CLIENT", "KILL", "TYPE", "normal");
        await _master.TryAskAsync("CLIENT", "KILL", "TYPE", "pubsub");
    }

    public async ValueTask DisposeAsync()
    {
        await _roles.SettleAsync();
        await _pause.DisposeAsync();
    }

    private async Task<bool> AskSentinelsAsync()
    {
        await Task.Delay(AskSentinelsInterval, context.Time);
        return await _order.IsOverAsync();
    }

    /// <returns>Why it is not known to be a replica; null when it is.</returns>
    private async Task<string?> TryDemoteAsync(string host, string port)
    {
        try
        {
            RespValue reply = await _master.TryAskAsync("REPLICAOF", host, port);

            // In a coordinated failover it has demoted itself, and takes no such order for a moment.
            return reply.IsError && await _master.RoleAsync() != "slave" ? $"{_master.Announced} answers REPLICAOF: {reply.Text}" : null;
        }
        catch (ServerException failure)
        {
            return failure.Message;
        }
    }
}
