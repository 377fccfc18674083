using System.Net.Sockets;

using RedisProxy.Configuration;
using RedisProxy.Resp;
using RedisProxy.Servers;
using RedisProxy.Topology;

namespace RedisProxy.Failover;

/// <summary>
/// <c>SENTINEL FAILOVER</c> to one Sentinel, and its outcome. An order that was sent but not answered may be carried out, at once or
/// once the Sentinel resumes; only that Sentinel's own later answer proves that no failover is in progress.
/// <para>
/// Not <c>COORDINATED</c>, which Valkey 9 has: everything it adds is already done here, by <see cref="WritePause"/> and by waiting for
/// the replicas. It needs permissions that Sentinel's user rarely has, and its own pause of the master, which UNPAUSE does not end,
/// lasts for the whole <c>failover-timeout</c> if it hangs.
/// </para>
/// </summary>
internal sealed class FailoverOrder(FailoverPlan plan, ProxyOptions options, TopologyContext context)
{
    // Clients are waiting meanwhile. A healthy Sentinel answers within a millisecond.
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(1);

    /// <summary>A failover may have begun.</summary>
    public bool IsGiven { get; private set; }

    /// <summary>Asks Sentinel, right before the order, whether it could choose one of the replicas that were left out.</summary>
    /// <exception cref="ServerException">One of them is back, and has perhaps less than the others; or Sentinel does not say.</exception>
    public async Task RequireAbsenceAsync()
    {
        if (plan.LeftOut.Count == 0)
        {
            return;
        }

        RespValue[] replies = await SentinelCall.AskAsync(
            plan.Sentinel!, options, context, AnswerWithin, ["SENTINEL", "REPLICAS", plan.MasterName]);
        if (ListedReplica.Read(replies[0]).FirstOrDefault(
            now => !now.IsDown && plan.LeftOut.Any(before => before.Announced == now.Announced)) is { } back)
        {
            throw new ServerException($"replica {back.Announced} is back and may lack data; try again when it has caught up");
        }
    }

    /// <returns>The outcome, a sentence.</returns>
    /// <exception cref="ServerException">Certainly none has begun: Sentinel is unreachable, or refuses (no good replica, for
    /// example).</exception>
    public async Task<string> GiveAsync()
    {
        RespValue reply;
        try
        {
            reply = (await SentinelCall.AskAsync(
                plan.Sentinel!, options, context, AnswerWithin, ["SENTINEL", "FAILOVER", plan.MasterName]))[0];
        }
        catch (ServerException failure) when (failure.IsOutcomeUnknown)
        {
            IsGiven = true;
            return $"{failure.Message}: it may have begun, so clients keep waiting";
        }

        if (reply.IsError && !reply.Text.StartsWith("INPROG", StringComparison.Ordinal))
        {
            throw new ServerException($"Sentinel {plan.Sentinel} refuses: {reply.Text}");
        }

        IsGiven = true;
        return reply.IsError ? $"Sentinel {plan.Sentinel} reports one in progress" : $"Sentinel {plan.Sentinel} has begun";
    }

    /// <summary>Asks all Sentinels again.</summary>
    /// <returns>
    /// True: the Sentinel that received the order has none in progress (any more), or is not running, and no other one reports one. A
    /// replica it promoted before that is already a master.
    /// </returns>
    public async Task<bool> IsOverAsync()
    {
        Task<bool?>[] others = [.. plan.OtherSentinels.Select(IsFailingOverAsync)];
        bool? own = await IsFailingOverAsync(plan.Sentinel!);
        bool?[] all = [own, .. await Task.WhenAll(others)];
        return own == false && Array.TrueForAll(all, one => one != true);
    }

    /// <returns>Null: unknown.</returns>
    private async Task<bool?> IsFailingOverAsync(HostEndpoint sentinel)
    {
        try
        {
            RespValue[] replies = await SentinelCall.AskAsync(
                sentinel, options, context, AnswerWithin,
                ["SENTINEL", "MASTER", plan.MasterName], ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", plan.MasterName]);
            SentinelAnswer answer = SentinelAnswer.Read(replies[0], replies[1]);
            return answer.Error.Length == 0 || answer.IsUnknownName ? answer.SaysFailingOver : null;
        }
        catch (ServerException failure)
        {
            // Not running. A Sentinel does not resume a failover after a restart.
            return failure.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused } ? false : null;
        }
    }
}
