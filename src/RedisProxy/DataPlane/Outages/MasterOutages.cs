using System.Diagnostics;

using Microsoft.Extensions.Logging;

using RedisProxy.Configuration;
using RedisProxy.Topology;

namespace RedisProxy.DataPlane;

/// <summary>
/// Turns what the gates of one master's listeners are shown into outages, and counts what each one costs. An outage begins when the first
/// of its listeners holds requests, for a failover or for an operator, and ends when all serve again. Its cost is known when the sessions
/// have continued; then it is added to the record of the failover, or is a record of its own if there was none.
/// <para>Views arrive on threads of the control plane, the rest on others: hence the lock, within which nothing blocks.</para>
/// </summary>
internal sealed class MasterOutages(ITopologySource source, TimeProvider time, ILogger log)
{
    // Sessions continue within milliseconds. Those that do not by then are reported as such.
    private static readonly TimeSpan ContinueWithin = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(5);

    // Pops are sent 250 ms later (Gate.HoldsPops), and the last errors go out when their clients read.
    private static readonly TimeSpan LateReplies = TimeSpan.FromMilliseconds(300);

    // A lost connection is settled before the control plane knows that the master is lost: what was counted then belongs to the outage.
    private static readonly TimeSpan MinSampleAge = TimeSpan.FromSeconds(1);
    private const int MaxSamples = 3;

    // Before the first master there is nothing to lose. But if that one is replaced before it has served, there is a record of it, and
    // what clients have waited for it belongs there.
    private const long FirstGeneration = 1;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, ListenerMeter> _masterListeners = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ListenerMeter> _listeners = new(StringComparer.Ordinal);
    private readonly HashSet<string> _holding = new(StringComparer.Ordinal);
    private readonly Queue<(long At, Dictionary<string, RequestCost> Counts)> _samples = [];
    private Outage? _outage;

    /// <summary>The outage that lasts, or whose sessions have not all continued; null: there is none.</summary>
    public RunningOutage? Running
    {
        get
        {
            lock (_gate)
            {
                return _outage is { AllContinued: null } outage && (outage.Ended is null || Waiting > 0)
                    ? new RunningOutage(outage.BeganAt, time.GetElapsedTime(outage.Began), outage.Last, outage.Ended is not null, Waiting)
                    : null;
            }
        }
    }

    private long Waiting => _masterListeners.Values.Sum(static listener => listener.Waiting);

    /// <param name="meter">Of a listener that follows this master. Replaces one of the same name.</param>
    /// <param name="isOfMaster">Its clients are served by the master; otherwise replicas serve them, and only the cost is counted.</param>
    public void Add(ListenerMeter meter, bool isOfMaster)
    {
        lock (_gate)
        {
            _listeners[meter.Name] = meter;
            if (isOfMaster)
            {
                _masterListeners[meter.Name] = meter;
            }
        }
    }

    /// <returns>There is none left.</returns>
    public bool Remove(string listener)
    {
        lock (_gate)
        {
            _listeners.Remove(listener);
            _masterListeners.Remove(listener);
            LetGo(listener);
            return _listeners.Count == 0;
        }
    }

    /// <summary>What has been counted so far, for the outage that may begin next.</summary>
    public void Sample()
    {
        lock (_gate)
        {
            if (_outage is null)
            {
                AddSample();
            }
        }
    }

    /// <summary>The gates of a listener of the master have been sent this view.</summary>
    public void OnShown(ListenerMeter listener, TopologyView view)
    {
        lock (_gate)
        {
            if (_masterListeners.GetValueOrDefault(listener.Name) != listener)
            {
                // Of a listener that was removed; another one may have its name.
                return;
            }

            if (view.IsServing)
            {
                listener.HasServed = true;
                LetGo(listener.Name);
            }
            else if (listener.HasServed || view.Generation > FirstGeneration)
            {
                _holding.Add(listener.Name);
                if (_outage is null or { Ended: not null })
                {
                    Begin(view);
                }

                _outage!.Take(view);
            }
        }
    }

    private void Begin(TopologyView view)
    {
        Close();
        (long At, Dictionary<string, RequestCost> Counts)[] old =
            [.. _samples.Where(sample => time.GetElapsedTime(sample.At) >= MinSampleAge)];
        Dictionary<string, RequestCost> before = old.Length > 0 ? old[^1].Counts : _samples.Count > 0 ? _samples.Peek().Counts : [];
        _outage = new Outage(before, time.GetTimestamp(), time.GetUtcNow(), view, time);
        foreach (ListenerMeter listener in _listeners.Values)
        {
            listener.ForgetLongestWait();
        }
    }

    private void LetGo(string listener)
    {
        if (_holding.Remove(listener) && _holding.Count == 0 && _outage is { } outage)
        {
            outage.End();
            _ = FinishAsync(outage);
        }
    }

    private async Task FinishAsync(Outage outage)
    {
        try
        {
            long began = time.GetTimestamp();
            await CatchUpAsync();
            while (!Look(outage) && time.GetElapsedTime(began) < ContinueWithin)
            {
                await Task.Delay(LookInterval, time);
            }

            await Task.Delay(LateReplies, time);
            lock (_gate)
            {
                if (_outage == outage)
                {
                    Close();
                }
            }
        }
        catch (Exception fault)
        {
            DataPlaneLog.LoopCallbackFailed(log, fault);
        }
    }

    // A hung loop is a problem of its own.
    private async Task CatchUpAsync()
    {
        Task all;
        lock (_gate)
        {
            all = Task.WhenAll(_masterListeners.Values.Select(static listener => listener.CatchUpAsync()));
        }

        await Task.WhenAny(all, Task.Delay(ContinueWithin, time));
    }

    /// <returns>There is nothing more to wait for.</returns>
    private bool Look(Outage outage)
    {
        lock (_gate)
        {
            return _outage != outage || outage.Look(_masterListeners.Values.Sum(static listener => listener.Serving), Waiting);
        }
    }

    // The counts of what comes next begin where these end.
    private void Close()
    {
        if (_outage is not { } outage)
        {
            return;
        }

        Debug.Assert(outage.Ended is not null, "it lasts");
        _outage = null;
        _samples.Clear();
        AddSample();
        long waiting = Waiting;
        var counts = _listeners.Values.ToDictionary(
            static listener => listener.Name,
            listener => listener.Since(outage.Before.GetValueOrDefault(listener.Name, RequestCost.None)));
        FailoverRecord record = source.Failovers.Settle(IsOf, record => outage.Cost(record.FirstSign, waiting, counts))
            ?? source.Failovers.Add(PauseOf(outage, outage.Cost(outage.Began, waiting, counts)));
        DataPlaneLog.FailoverCost(
            log, source.Current.MasterName, Labels.Of(record.Kind), record.Number, record.Way, record.Cost!.Text, record.Cost.Moments);

        // What was over before the outage began has not caused it.
        bool IsOf(FailoverRecord record) => time.GetElapsedTime(outage.Began, record.FirstSign) + record.AvailableAfter >= TimeSpan.Zero;
    }

    private FailoverRecord PauseOf(Outage outage, FailoverCost cost)
    {
        TopologyView view = outage.Last;
        return new FailoverRecord
        {
            Kind = FailoverKind.Pause,
            FirstSignAt = outage.BeganAt,
            FirstSign = outage.Began,
            AvailableAfter = time.GetElapsedTime(outage.Began, outage.Ended!.Value),
            Old = view.Master!.Address,
            New = view.Master.Address,
            Epoch = view.Epoch,
            Cost = cost,
        };
    }

    private void AddSample()
    {
        while (_samples.Count >= MaxSamples)
        {
            _samples.Dequeue();
        }

        _samples.Enqueue((time.GetTimestamp(), _listeners.Values.ToDictionary(
            static listener => listener.Name, static listener => listener.Read())));
    }
}
