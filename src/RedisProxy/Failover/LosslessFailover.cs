using System.Globalization;

using Microsoft.Extensions.Logging;

using RedisProxy.Configuration;
using RedisProxy.Topology;

namespace RedisProxy.Failover;

/// <summary>
/// A failover on demand that loses nothing, for clients of this proxy, of others, and of none: everybody's writes wait while the replica
/// catches up and becomes the master. One at a time. Whatever goes wrong, it ends with the sessions released, and the servers too, except
/// where that would lose writes.
/// </summary>
internal sealed class LosslessFailover(
    RunningOptions running, DataPlane dataPlane, TopologyContext context, ILogger<LosslessFailover> log)
{
    // Longer than anything here may take; a hold that is forgotten ends by itself.
    private static readonly TimeSpan HoldAtMost = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan SettleWithin = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan CatchUpWithin = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PromoteWithin = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan AcceptWithin = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan AgreeWithin = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(2);

    private int _isUnderWay;

    /// <param name="masterName">Sentinel's name of the master.</param>
    /// <param name="isForced">Also against the objections of the preflight, as far as it is possible.</param>
    public async Task<FailoverResult> RunAsync(string masterName, bool isForced)
    {
        DataPlaneListener[] held = [.. dataPlane.Listeners.Where(listener => listener.Source.Current.MasterName == masterName)];
        if (running.Current.Sentinel is null || held.Length == 0)
        {
            return FailoverResult.Refused([$"there is no master '{masterName}' that Sentinel watches behind a listener"]);
        }

        if (Interlocked.Exchange(ref _isUnderWay, 1) == 1)
        {
            return FailoverResult.Refused(["another one is under way"]);
        }

        try
        {
            await using FailoverPlan plan = await new FailoverPreflight(running.Current, context).RunAsync(held[0].Source.Current);
            string[] objections = [.. plan.Objections, .. held.Where(listener => listener.IsPaused).Select(
                listener => $"listener '{listener.Options.Name}' is paused")];
            return !plan.IsPossible || (objections.Length > 0 && !isForced)
                ? FailoverResult.Refused(objections)
                : await RunAsync(plan, held);
        }
        finally
        {
            Interlocked.Exchange(ref _isUnderWay, 0);
        }
    }

    private async Task<FailoverResult> RunAsync(FailoverPlan plan, DataPlaneListener[] held)
    {
        var handover = new Handover(plan, running.Current, context);
        var steps = new StepLog(plan.MasterName, context.Time, log);
        string problem = "";
        try
        {
            problem = await TakeStepsAsync(plan, handover, held, steps);
        }
        catch (ServerException failure)
        {
            problem = failure.Message;
        }
        finally
        {
            // Also after a fault of this program: nobody waits for what has ended.
            foreach (DataPlaneListener listener in held)
            {
                listener.Resume();
            }
        }

        try
        {
            if (handover.IsPaused)
            {
                await handover.ReleaseAsync();
                steps.Add("writes at the master go on");
            }
            else if (problem.Length == 0)
            {
                await EndAsync(plan, handover, held[0].Source, steps);
            }
        }
        catch (ServerException failure)
        {
            problem = problem.Length > 0 ? $"{problem}; {failure.Message}" : failure.Message;
        }

        if (problem.Length > 0)
        {
            FailoverLog.Aborted(log, plan.MasterName, problem);
        }

        return new FailoverResult(problem.Length == 0 ? FailoverEnd.Done : FailoverEnd.Aborted, problem, plan.Objections, steps.Lines);
    }

    /// <returns>Why it did not come to its end; empty when it did.</returns>
    private async Task<string> TakeStepsAsync(FailoverPlan plan, Handover handover, DataPlaneListener[] held, StepLog steps)
    {
        ITopologySource source = held[0].Source;
        long before = source.Current.Generation;
        foreach (DataPlaneListener listener in held)
        {
            listener.Pause(HoldAtMost);
        }

        bool isSettled = await UntilAsync(SettleWithin, async () => await InFlightAsync(held) == 0);
        steps.Add(isSettled ? "sessions hold, nothing is in flight" : "sessions hold, some requests are still in flight");
        await handover.PauseWritesAsync();
        steps.Add($"writes wait at {plan.Master!.Announced}");
        if (!await handover.WaitUntilCaughtUpAsync(CatchUpWithin))
        {
            return $"not every replica had caught up within {CatchUpWithin.TotalSeconds} s";
        }

        steps.Add($"{plan.Replicas.Count} replica(s) have everything");
        await handover.OrderAsync();
        steps.Add($"Sentinel {plan.Sentinel} has begun");
        ServerConnection? promoted = await handover.WaitUntilPromotedAsync(PromoteWithin);
        if (promoted is null)
        {
            return $"Sentinel did not promote a replica within {PromoteWithin.TotalSeconds} s";
        }

        steps.Add($"{promoted.Announced} is a master");
        await handover.DemoteAsync(promoted);
        steps.Add($"{plan.Master.Announced} is its replica, and refuses what waited there");
        bool isAccepted = await UntilAsync(
            AcceptWithin,
            () => Task.FromResult(source.Current is { Availability: Availability.Available } view && view.Generation > before));
        if (!isAccepted)
        {
            return $"no Sentinel has named a new master within {AcceptWithin.TotalSeconds} s";
        }

        steps.Add($"{source.Current.Master!.Announced} is accepted, sessions go on");
        return "";
    }

    // Nobody waits for this any more.
    private async Task EndAsync(FailoverPlan plan, Handover handover, ITopologySource source, StepLog steps)
    {
        bool isAgreed = await UntilAsync(AgreeWithin, () =>
        {
            TopologyView view = source.Current;
            return Task.FromResult(view.Sentinels.All(sentinel => !sentinel.IsConnected || sentinel.Master == view.Master?.Announced));
        });
        steps.Add(isAgreed ? "all connected Sentinels name it" : "some Sentinels do not name it yet");
        await handover.EndOldConnectionsAsync();
        steps.Add($"connections to {plan.Master!.Announced} are ended");
    }

    private static async Task<int> InFlightAsync(IEnumerable<DataPlaneListener> held)
    {
        int[] counts = await Task.WhenAll(held.SelectMany(listener => listener.Parts).Select(
            part => part.Gate.Loop.InvokeAsync(() => part.Gate.Sessions.Sum(session => session.Link?.InFlight.Count ?? 0))));
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

    /// <summary>What was done, and when.</summary>
    private sealed class StepLog(string masterName, TimeProvider time, ILogger log)
    {
        private readonly long _begun = time.GetTimestamp();
        private readonly List<string> _lines = [];

        public IReadOnlyList<string> Lines => _lines;

        public void Add(string what)
        {
            double seconds = time.GetElapsedTime(_begun).TotalSeconds;
            _lines.Add(string.Create(CultureInfo.InvariantCulture, $"{seconds,7:0.000} s  {what}"));
            FailoverLog.Step(log, masterName, what);
        }
    }
}
