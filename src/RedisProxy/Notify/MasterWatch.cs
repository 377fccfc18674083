using System.Net;

using RedisProxy.Configuration;
using RedisProxy.Topology;

namespace RedisProxy.Notify;

/// <summary>
/// Follows the views of one master and turns an outage into one thing, however many views it has: a message while it
/// lasts (<see cref="Ongoing"/>), and one when it is over.
/// <para>
/// It subscribes to its source instead of polling, because an aborted hold may last for just a few milliseconds, and because the failover
/// history is written before the resulting view is published: what is read here is consistent. What depends on time rather than events is
/// done in <see cref="Settle"/>.
/// </para>
/// <para>Views arrive on the source's thread, the rest on another one: hence the lock, within which nothing blocks.</para>
/// </summary>
internal sealed class MasterWatch(ITopologySource source, NotificationIds ids, TimeProvider time, Action<Notification> publish)
    : ITopologyObserver
{
    /// <summary>How long a hold that ended without another master may be followed by one, while Sentinels continue the failover.</summary>
    public static readonly TimeSpan AbortPatience = TimeSpan.FromSeconds(10);

    /// <summary>How long a finished failover is kept back until its cost is known; sessions continue within 5 s, or never.</summary>
    public static readonly TimeSpan CostPatience = TimeSpan.FromSeconds(7);

    // Addresses that have been masters; a deployment has only a few.
    private const int MaxAnnounced = 64;

    // Flags of SENTINEL MASTER (sentinel.c).
    private static readonly string[] FailoverFlags = ["failover_in_progress"];
    private static readonly string[] DoubtFlags = ["failover_in_progress", "s_down", "o_down"];

    private readonly Lock _gate = new();
    private readonly Dictionary<IPEndPoint, HostEndpoint> _announced = [];
    private readonly Queue<(Notification Told, long Since)> _finished = [];
    private Outage? _outage;
    private TopologyView _view = source.Current;
    private bool _hasServed;
    private long _reportedNumber;

    public ITopologySource Source => source;

    /// <summary>No trouble with this master, as far as its views show.</summary>
    public bool IsCalm
    {
        get
        {
            lock (_gate)
            {
                return _hasServed && _outage is null;
            }
        }
    }

    public void OnTopology(TopologyView view)
    {
        lock (_gate)
        {
            Take(view);
        }
    }

    /// <summary>Of the outage that lasts, or that may have been aborted; null: there is none.</summary>
    public long? OutageId
    {
        get
        {
            lock (_gate)
            {
                return _outage?.Id;
            }
        }
    }

    /// <summary>Handles the passage of time: an outage that lasts, and a failover that was aborted.</summary>
    /// <param name="offer">
    /// Receives what lasts, within the lock, so that no beginning is reported after its end. Not kept after it returns.
    /// </param>
    public void Settle(Action<Ongoing> offer)
    {
        lock (_gate)
        {
            PublishFinished(isLast: false);
            if (_outage is { EndedAfter: null } outage)
            {
                NotifyEvent one = outage.IsFailover ? NotifyEvent.FailoverStarted : NotifyEvent.MasterDown;
                offer(new Ongoing(outage.Id, Since(outage), one, _view.MasterName, () => TellOngoing(outage)));
            }
            else if (_outage is { EndedAfter: { } ended } over
                && (!HasFlag(_view, DoubtFlags) || Since(over) - ended >= AbortPatience))
            {
                _outage = null;
                publish(TellAborted(over, ended));
            }
        }
    }

    /// <summary>The proxy stops: publishes what is kept back.</summary>
    public void Finish()
    {
        lock (_gate)
        {
            PublishFinished(isLast: true);
        }
    }

    private void PublishFinished(bool isLast)
    {
        while (_finished.TryPeek(out (Notification Told, long Since) kept))
        {
            FailoverReport report = kept.Told.Failover!;
            FailoverCost? cost = source.Failovers.Last.FirstOrDefault(record => record.Number == report.Record.Number)?.Cost;
            if (cost is null && source.Failovers.IsCounted && !isLast && time.GetElapsedTime(kept.Since) < CostPatience)
            {
                return;
            }

            _finished.Dequeue();
            publish(kept.Told with { Failover = report with { Record = report.Record with { Cost = cost } } });
        }
    }

    private void Take(TopologyView view)
    {
        _view = view;
        if (view.Master is { } master && (_announced.Count < MaxAnnounced || _announced.ContainsKey(master.Address)))
        {
            _announced[master.Address] = master.Announced;
        }

        if (view.IsServing)
        {
            TakeServing(view);
        }
        else if (_hasServed)
        {
            _outage ??= new Outage(ids.NextOngoing(), time.GetTimestamp(), time.GetUtcNow(), view);
            _outage.EndedAfter = null;
            _outage.Last = view;
            _outage.IsFailover |= SaysFailover(view);
        }
    }

    private void TakeServing(TopologyView view)
    {
        _hasServed = true;
        IReadOnlyList<FailoverRecord> news = [.. source.Failovers.Last.Where(
            record => record.IsFailover && record.Number > _reportedNumber)];
        if (news.Count > 0 && news[^1].AvailableAfter is not null)
        {
            _reportedNumber = news[^1].Number;
            Outage? outage = _outage;
            _outage = null;
            _finished.Enqueue((TellFinished(view, news, outage), time.GetTimestamp()));
            PublishFinished(isLast: false);
        }
        else if (_outage is { EndedAfter: null } held)
        {
            held.EndedAfter = Since(held);
        }
    }

    private Notification TellFinished(TopologyView view, IReadOnlyList<FailoverRecord> news, Outage? outage)
    {
        // Several masters accepted in the same outage that never took requests: it went from the first one's predecessor to the last.
        FailoverRecord last = news[^1];
        FailoverRecord first = news.First(record => record.FirstSignAt == last.FirstSignAt);
        FailoverRecord record = last with { Old = first.Old };
        var report = new FailoverReport(record, AnnouncedOf(record.Old), AnnouncedOf(record.New));
        bool isRestart = record.Kind == FailoverKind.Restart;
        string seconds = Seconds(record.AvailableAfter!.Value);
        string accepted = record.AcceptedAfter is { } after ? $" (accepted after {Seconds(after)}, epoch {Number(record.Epoch)})" : "";
        string kind = record.Kind switch
        {
            FailoverKind.Planned => "Planned failover",
            FailoverKind.OnDemand => "Failover on demand",
            _ => "Failover",
        };
        string text = isRestart
            ? $"The master of '{view.MasterName}', {report.New}, is back at the same address, {seconds} after the first sign of trouble"
            : $"{kind} of '{view.MasterName}' from {report.Old} to {report.New}: "
                + $"the new master takes requests, {seconds} after the first sign{accepted}";
        return Make(isRestart ? NotifyEvent.MasterUp : NotifyEvent.FailoverFinished, text) with
        {
            Failover = report,
            Outage = outage is null ? null : ReportOf(outage, outage.First, Since(outage)),
        };
    }

    private Notification TellOngoing(Outage outage)
    {
        TimeSpan lasted = Since(outage);
        string text = outage.IsFailover
            ? $"A failover of '{_view.MasterName}' has been in progress for {Seconds(lasted)}: {outage.Last.Reason}"
            : $"The master of '{_view.MasterName}' has been down for {Seconds(lasted)}: {outage.Last.Reason}";
        return Make(outage.IsFailover ? NotifyEvent.FailoverStarted : NotifyEvent.MasterDown, text) with
        {
            Outage = ReportOf(outage, outage.Last, lasted),
        };
    }

    private Notification TellAborted(Outage outage, TimeSpan lasted) => Make(
        NotifyEvent.FailoverAborted,
        $"A failover of '{_view.MasterName}' was aborted: {_view.Master?.Announced} takes requests again after {Seconds(lasted)}. "
            + $"It began with: {outage.First.Reason}") with
    {
        Outage = ReportOf(outage, outage.First, lasted),
    };

    private Notification Make(NotifyEvent one, string text) => new()
    {
        Id = ids.NextMessage(),
        Event = one,
        At = time.GetUtcNow(),
        Master = _view.MasterName,
        Address = _view.Master?.Announced,
        Text = text,
    };

    private static OutageReport ReportOf(Outage outage, TopologyView view, TimeSpan lasted) =>
        new(outage.BeganAt, lasted, view.Availability, view.Reason);

    private HostEndpoint AnnouncedOf(IPEndPoint address) =>
        _announced.GetValueOrDefault(address) ?? new HostEndpoint(address.Address.ToString(), address.Port);

    private static bool SaysFailover(TopologyView view) =>
        view.Availability is Availability.PlannedHold or Availability.Verifying || view.IsPromoting || HasFlag(view, FailoverFlags);

    private static bool HasFlag(TopologyView view, string[] flags) => view.Sentinels.Any(sentinel =>
        sentinel.IsConnected && sentinel.Flags.Split(',').Any(flag => flags.Contains(flag, StringComparer.Ordinal)));

    private TimeSpan Since(Outage outage) => time.GetElapsedTime(outage.Began);

    private static string Seconds(TimeSpan duration) => FormattableString.Invariant($"{duration.TotalSeconds:0.000} s");

    private static string Number(long number) => FormattableString.Invariant($"{number}");

    /// <summary>From the first view that does not serve to the next one that does.</summary>
    private sealed class Outage(long id, long began, DateTimeOffset beganAt, TopologyView first)
    {
        public long Id => id;

        public long Began => began;

        public DateTimeOffset BeganAt => beganAt;

        /// <summary>It is over, but not yet known to be aborted.</summary>
        public TimeSpan? EndedAfter { get; set; }

        /// <summary>Shows what it began with.</summary>
        public TopologyView First { get; } = first;

        /// <summary>The last view that did not serve: shows what is missing.</summary>
        public TopologyView Last { get; set; } = first;

        public bool IsFailover { get; set; }
    }
}
