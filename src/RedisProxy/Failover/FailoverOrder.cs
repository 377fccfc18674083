using System.Net.Sockets;

using RedisProxy.Configuration;
using RedisProxy.Resp;
using RedisProxy.Servers;
using RedisProxy.Topology;

namespace RedisProxy.Failover;

/// <summary>
/// <c>SENTINEL FAILOVER</c> to one Sentinel, and what becomes of it. An order that was sent and not answered may be carried out, at once
/// or once the Sentinel is awake again; that none is under way is believed only of a Sentinel that says so afterwards.
/// <para>
/// Not <c>COORDINATED</c>, which Valkey 9 has: all that it adds is done here already, by <see cref="WritePause"/> and by waiting for the
/// replicas. It needs rights that Sentinel's user seldom has, and its own pause of the master, which UNPAUSE does not end, lasts for the
/// whole <c>failover-timeout</c> when it hangs.
/// </para>
/// </summary>
internal sealed class FailoverOrder(FailoverPlan plan, ProxyOptions options, TopologyContext context)
{
    // Clients wait meanwhile. A Sentinel that works answers within a millisecond.
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(1);

    /// <summary>A failover may have begun.</summary>
    public bool IsGiven { get; private set; }

    /// <returns>What there is to say of it, a sentence.</returns>
    /// <exception cref="ServerException">Surely none has begun: Sentinel is not reached, or refuses (no good replica, say).</exception>
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
            return $"{failure.Message}: it may have begun, so everybody goes on to wait";
        }

        if (reply.IsError && !reply.Text.StartsWith("INPROG", StringComparison.Ordinal))
        {
            throw new ServerException($"Sentinel {plan.Sentinel} refuses: {reply.Text}");
        }

        IsGiven = true;
        return reply.IsError ? $"Sentinel {plan.Sentinel} says that one is under way" : $"Sentinel {plan.Sentinel} has begun";
    }

    /// <summary>Asks all Sentinels anew.</summary>
    /// <returns>
    /// True: the one that was told has none under way (any more), or does not run, and no other one says that it has. Whom it has promoted
    /// by then is a master already.
    /// </returns>
    public async Task<bool> IsOverAsync()
    {
        Task<bool?>[] others = [.. plan.OtherSentinels.Select(IsFailingOverAsync)];
        bool? told = await IsFailingOverAsync(plan.Sentinel!);
        bool?[] all = [told, .. await Task.WhenAll(others)];
        return told == false && Array.TrueForAll(all, one => one != true);
    }

    /// <returns>Null: it does not say.</returns>
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
            // Nobody listens there. What a Sentinel has begun it does not go on with after a restart.
            return failure.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused } ? false : null;
        }
    }
}
