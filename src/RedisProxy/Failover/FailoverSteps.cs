using System.Globalization;

using RedisProxy.Configuration;
using RedisProxy.Resp;
using RedisProxy.Servers;

namespace RedisProxy.Failover;

/// <summary>
/// The servers' side of a failover on demand, step by step. Writes of all clients, including those that do not use a proxy, are paused
/// at the old master until a replica has caught up and is promoted. Then the old master is demoted to its replica, and only then
/// released, so that it answers every paused write with READONLY.
/// </summary>
internal sealed class FailoverSteps(FailoverPlan plan, ProxyOptions options, TopologyContext context) : IAsyncDisposable
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan AskSentinelsInterval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan DemoteWithin = TimeSpan.FromSeconds(2);

    // What a Sentinel sent just before it died may still be on its way to a replica.
    private const int AnswersToBelieve = 2;

    private readonly ServerConnection _master = plan.Master!;
    private readonly WritePause _pause = new(plan.Master!.Another(), context.Time);
    private readonly ReplicaRoles _roles = new(plan.Replicas);
    private readonly FailoverOrder _order = new(plan, options, context);

    /// <summary>Writes are paused at the old master, or may be, and it has not been released.</summary>
    public bool IsPaused => _pause.IsOn;

    /// <summary>Certainly nothing was written to the old master since the pause began.</summary>
    public bool IsPauseUnbroken => _pause.IsUnbroken;

    /// <summary>The Sentinels have answered that no failover is in progress, so the order will have no effect any more.</summary>
    public bool IsOrderSettled { get; private set; }

    /// <summary>Bytes of the replication stream that a replica lacks; null when either of the two does not report its offset.</summary>
    public static async Task<long?> LagAsync(ServerConnection master, ServerConnection replica)
    {
        long? written = ReplicationFacts.Read(await master.InfoAsync("replication")).Offset;
        var own = ReplicationFacts.Read(await replica.InfoAsync("replication"));
        return own.IsMaster || written - own.Offset is not { } lag ? null : Math.Max(0, lag);
    }

    public Task PauseWritesAsync() => _pause.BeginAsync();

    /// <summary>Waits for every replica that Sentinel may choose, because the choice is Sentinel's.</summary>
    /// <returns>False: not all in time.</returns>
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

    /// <summary>Sends the order to Sentinel. From here on a failover may be in progress, whatever else fails.</summary>
    /// <returns>The outcome, a sentence.</returns>
    /// <exception cref="ServerException">Certainly none has begun.</exception>
    public async Task<string> OrderAsync()
    {
        await _order.RequireAbsenceAsync();
        return _pause.IsUnbroken
            ? await _order.GiveAsync()
            : throw new ServerException($"{_master.Announced} may have executed writes meanwhile: its pause could not be renewed in time");
    }

    /// <summary>
    /// Polls quickly: until the old master is demoted, an impatient proxy elsewhere may take its silence for a failure. An old master
    /// that no longer answers is no reason to give up, and neither is a silent Sentinel: it may be working on it.
    /// </summary>
    /// <returns>The promoted replica; null: none in time, or Sentinel has no failover in progress (any more).</returns>
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

    /// <summary>The old master now rejects every paused write, and the clients send it to the new one.</summary>
    /// <exception cref="ServerException">The old master is not known to be a replica. Its pause is left to expire.</exception>
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
                    $"{failure}; so it may remain a master alongside {promoted.Announced} until Sentinel demotes it. "
                    + $"Writes of its clients are paused for at most {WritePause.Lasts.TotalSeconds} s");
            }

            await Task.Delay(LookInterval, context.Time);
        }

        await _pause.EndAsync();
    }

    /// <summary>
    /// Undoes what was begun, as far as it got: resumes the clients of the old master. If a replica has been promoted by now the old
    /// master is demoted first; otherwise what they write would be lost.
    /// </summary>
    /// <returns>The replica that was promoted after all; null: nothing has changed.</returns>
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

    /// <summary>As Sentinel does when it demotes a master: clients that find the master through Sentinel look it up again.</summary>
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

    /// <returns>Why it is not known to be a replica; null when it is one.</returns>
    private async Task<string?> TryDemoteAsync(string host, string port)
    {
        try
        {
            RespValue reply = await _master.TryAskAsync("REPLICAOF", host, port);

            // In a coordinated failover it has demoted itself, and rejects such an order for a moment.
            return reply.IsError && await _master.RoleAsync() != "slave" ? $"{_master.Announced} answers REPLICAOF: {reply.Text}" : null;
        }
        catch (ServerException failure)
        {
            return failure.Message;
        }
    }
}
