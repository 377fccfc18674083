using Microsoft.Extensions.Logging;

using RedisProxy.Configuration;
using RedisProxy.DataPlane;
using RedisProxy.Servers;
using RedisProxy.Topology;

namespace RedisProxy.Failover;

/// <summary>
/// A failover on demand that loses nothing, for clients of this proxy, of other proxies, and of none: all writes are paused while the
/// replica catches up and is promoted. One at a time. Whatever fails, it ends with the sessions released, and the servers too: with the
/// old master demoted if a replica was promoted, and unchanged if not.
/// </summary>
internal sealed class LosslessFailover(RunningOptions running, Forwarder forwarder, TopologyContext context, ILogger<LosslessFailover> log)
{
    // Longer than anything here may take; a forgotten hold ends by itself.
    private static readonly TimeSpan HoldAtMost = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan SettleWithin = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan CatchUpWithin = TimeSpan.FromSeconds(1);

    // Also when Sentinel does not report whether it has begun. It takes 0.1 to 2 s, and clients are waiting all the while.
    private static readonly TimeSpan PromoteWithin = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan AcceptWithin = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan StopWithin = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(2);

    private readonly Lock _beginning = new();
    private TaskCompletionSource? _underWay;
    private volatile bool _isStopping;

    /// <summary>One is in progress. Any thread.</summary>
    public bool IsUnderWay => Volatile.Read(ref _underWay) is not null;

    /// <param name="masterName">Sentinel's name of the master.</param>
    /// <param name="isForced">Despite the objections of the checks, as far as possible.</param>
    public async Task<FailoverResult> RunAsync(string masterName, bool isForced)
    {
        DataPlaneListener[] held = HeldOf(masterName);
        var run = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_beginning)
        {
            if (RefusalOf(masterName, held) is { } refusal)
            {
                return FailoverResult.Refused([refusal]);
            }

            _underWay = run;
        }

        try
        {
            await using FailoverPlan plan = await new FailoverReview(running.Current, context).RunAsync(held);
            return plan.MayGo(isForced) ? await RunAsync(plan, held) : FailoverResult.Refused(plan.Objections);
        }
        finally
        {
            lock (_beginning)
            {
                _underWay = null;
            }

            run.SetResult();
        }
    }

    /// <summary>Only the checks of <see cref="RunAsync(string, bool)"/>; nothing is changed, and nobody waits.</summary>
    public async Task<FailoverResult> TryOutAsync(string masterName, bool isForced)
    {
        DataPlaneListener[] held = HeldOf(masterName);
        string? refusal;
        lock (_beginning)
        {
            refusal = RefusalOf(masterName, held);
        }

        if (refusal is not null)
        {
            var refused = new FailoverCheck(FailoverCheck.NoOther) { Objections = [refusal] };
            return FailoverResult.Refused([refusal]) with { Checks = [refused] };
        }

        await using FailoverPlan plan = await new FailoverReview(running.Current, context).RunAsync(held);
        FailoverResult result = plan.MayGo(isForced)
            ? new FailoverResult(FailoverEnd.WouldGo, "", plan.Objections, [])
            : FailoverResult.Refused(plan.Objections);
        return result with { Checks = [new FailoverCheck(FailoverCheck.NoOther), .. plan.Checks], Candidates = plan.Candidates };
    }

    private DataPlaneListener[] HeldOf(string masterName) =>
        [.. forwarder.Listeners.Where(listener => listener.IsOfMaster(masterName))];

    private string? RefusalOf(string masterName, DataPlaneListener[] held) =>
        running.Current.Sentinel is null || held.Length == 0
            ? $"no listener serves a master '{masterName}' monitored by Sentinel"
            : _isStopping ? "the proxy is stopping"
            : _underWay is not null ? "another one is in progress"
            : null;

    /// <summary>
    /// Starts none any more. One in progress is aborted if Sentinel has not received the order yet, and otherwise awaited: a process
    /// that ended in the middle would leave the old master to Sentinel, which demotes it late.
    /// </summary>
    public async Task StopAsync()
    {
        Task? underWay;
        lock (_beginning)
        {
            _isStopping = true;
            underWay = _underWay?.Task;
        }

        if (underWay is not null)
        {
            await Task.WhenAny(underWay, Task.Delay(StopWithin, context.Time));
        }
    }

    private async Task<FailoverResult> RunAsync(FailoverPlan plan, DataPlaneListener[] held)
    {
        await using var servers = new FailoverSteps(plan, running.Current, context);
        var steps = new FailoverStepLog(plan.MasterName, context.Time, log);
        string problem = "";
        steps.AddLeftOut(plan.LeftOut);
        try
        {
            try
            {
                problem = await TakeStepsAsync(plan, servers, held, steps);
            }
            catch (ServerException failure)
            {
                problem = failure.Message;
            }
            finally
            {
                // Also after a bug in this program: no session may wait for what has ended.
                Array.ForEach(held, static listener => listener.Resume());
                held[0].Source.OnDemand(isUnderWay: false);
            }
        }
        finally
        {
            if (servers.IsPaused)
            {
                problem = Join(problem, await ReleaseAsync(plan, servers, steps));
            }
        }

        if (problem.Length == 0)
        {
            problem = await EndAsync(plan, servers, held[0].Source, steps);
        }

        if (problem.Length > 0)
        {
            FailoverLog.Aborted(log, plan.MasterName, problem);
        }

        return new FailoverResult(problem.Length == 0 ? FailoverEnd.Done : FailoverEnd.Aborted, problem, plan.Objections, steps.Lines);
    }

    /// <returns>Why it was not completed; empty when it was.</returns>
    private async Task<string> TakeStepsAsync(FailoverPlan plan, FailoverSteps servers, DataPlaneListener[] held, FailoverStepLog steps)
    {
        ITopologySource source = held[0].Source;
        long before = source.Current.Generation;
        source.OnDemand(isUnderWay: true);
        Array.ForEach(held, static listener => listener.Pause(HoldAtMost, "a failover on demand has begun"));

        bool isSettling = true;
        Task ended = Task.WhenAll(held.Select(listener => listener.EndWaitsAsync(() => isSettling)));
        bool isSettled = await UntilAsync(SettleWithin, async () => await InFlightAsync(held) == 0);
        isSettling = false;
        await ended;
        steps.Add(isSettled ? "sessions held, nothing in flight" : "sessions held, some requests still in flight");
        await servers.PauseWritesAsync();
        steps.Add($"writes paused at {plan.Master!.Announced}");
        if (!await servers.WaitUntilCaughtUpAsync(CatchUpWithin))
        {
            return $"not every replica had caught up within {CatchUpWithin.TotalSeconds} s";
        }

        steps.Add($"{plan.Replicas.Count} replica(s) caught up");
        if (_isStopping)
        {
            return "the proxy is stopping";
        }

        steps.Add(await servers.OrderAsync());
        ServerConnection? promoted = await servers.WaitUntilPromotedAsync(PromoteWithin);
        if (promoted is null)
        {
            return servers.IsOrderSettled
                ? $"Sentinel {plan.Sentinel} has promoted no replica, and no failover is in progress (any more); see its log"
                : $"Sentinel {plan.Sentinel} has promoted no replica within {PromoteWithin.TotalSeconds} s and may do so yet; "
                    + $"'SENTINEL RESET {plan.MasterName}' there cancels the order";
        }

        steps.Add($"{promoted.Announced} is promoted");

        // Concurrently: a dead old master is asked for a while, and nothing is sent to it under the new generation.
        Task<string> demoting = DemoteAsync(plan, servers, promoted, source, steps);
        bool isAccepted = await UntilAsync(
            AcceptWithin,
            () => Task.FromResult(source.Current is { Availability: Availability.Available } view && view.Generation > before));
        if (isAccepted)
        {
            steps.Add($"{source.Current.Master!.Announced} is accepted, sessions continue");
            Array.ForEach(held, listener => listener.Resume());
        }

        return Join(await demoting, isAccepted ? "" : $"no Sentinel has reported a new master within {AcceptWithin.TotalSeconds} s");
    }

    /// <returns>The problem; empty when the old master refuses writes now. Sessions go to the new master in any case.</returns>
    private static async Task<string> DemoteAsync(
        FailoverPlan plan, FailoverSteps servers, ServerConnection promoted, ITopologySource source, FailoverStepLog steps)
    {
        bool isUnbroken = servers.IsPauseUnbroken;
        try
        {
            await servers.DemoteAsync(promoted);
        }
        catch (ServerException failure)
        {
            return $"{promoted.Announced} is promoted, but {failure.Message}";
        }

        source.OnPromoted(promoted.Announced); // The leading Sentinel will notice within a second; sessions need not wait for it.
        steps.Add($"{plan.Master!.Announced} is its replica, and rejects the paused writes");
        return isUnbroken ? "" : $"the pause of {plan.Master.Announced} could not be renewed in time: writes to it may be lost";
    }

    /// <returns>The problem; empty when everything has been undone.</returns>
    private static async Task<string> ReleaseAsync(FailoverPlan plan, FailoverSteps servers, FailoverStepLog steps)
    {
        try
        {
            steps.Add(await servers.ReleaseAsync() is { } promoted
                ? $"{promoted.Announced} was promoted after all, and {plan.Master!.Announced} is its replica"
                : $"writes at {plan.Master!.Announced} resumed");
            return "";
        }
        catch (ServerException failure)
        {
            return failure.Message;
        }
    }

    // No client is waiting any more.
    private async Task<string> EndAsync(FailoverPlan plan, FailoverSteps servers, ITopologySource source, FailoverStepLog steps)
    {
        bool isAgreed = await UntilAsync(AcceptWithin, () =>
        {
            TopologyView view = source.Current;
            return Task.FromResult(view.Sentinels.All(sentinel => !sentinel.IsConnected || sentinel.Master == view.Master?.Announced));
        });
        steps.Add(isAgreed ? "all connected Sentinels report it" : "some Sentinels do not report it yet");
        try
        {
            await servers.EndOldConnectionsAsync();
        }
        catch (ServerException failure)
        {
            return failure.Message;
        }

        steps.Add($"connections to {plan.Master!.Announced} closed");
        return "";
    }

    private static string Join(string problem, string other) =>
        problem.Length == 0 || other.Length == 0 ? problem + other : $"{problem}; {other}";

    private static async Task<int> InFlightAsync(IEnumerable<DataPlaneListener> held)
    {
        int[] counts = await Task.WhenAll(held.SelectMany(listener => listener.Parts).Select(
            static part => part.Gate.Loop.InvokeAsync(part.CountInFlight)));
        return counts.Sum();
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

            await Task.Delay(LookInterval, context.Time);
        }

        return true;
    }
}
