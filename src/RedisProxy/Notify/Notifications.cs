using Microsoft.Extensions.Logging;

using RedisProxy.Audit;
using RedisProxy.Configuration;
using RedisProxy.Topology;

namespace RedisProxy.Notify;

/// <summary>
/// Collects all events and passes them to the log and to the receivers. Looks at the masters four times a second for what lasts, and
/// for masters added by a reload; everything in between comes from their own views (<see cref="MasterWatch"/>).
/// <para>Public methods from any thread; none of them blocks, except the test of a receiver.</para>
/// </summary>
internal sealed class Notifications : IDisposable
{
    /// <summary>How often the masters are checked for what lasts.</summary>
    public static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(250);

    /// <summary>How long queued messages have to be delivered when the proxy stops.</summary>
    public static readonly TimeSpan MaxFinishTime = TimeSpan.FromSeconds(1);

    private readonly NotificationIds _ids = new();
    private readonly HttpMessageInvoker _http = WebhookSender.CreateHttp();
    private readonly Lock _gate = new();
    private readonly Dictionary<string, ReceiverCounts> _counts = new(StringComparer.Ordinal);
    private readonly HashSet<(string Master, HostEndpoint Replica)> _unhealthy = [];
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly LogReceiver _logReceiver;
    private readonly DriftWatch _drift;
    private readonly SentinelWatch _sentinels;
    private volatile Receiver[] _receivers = [];
    private volatile MasterWatch[] _masters = [];

    public Notifications(IReadOnlyList<NotifyOptions> receivers, TimeProvider time, ILogger<Notifications> log)
    {
        _time = time;
        _log = log;
        _logReceiver = new LogReceiver(log);
        _drift = new DriftWatch(_ids, time);
        _sentinels = new SentinelWatch(_ids, time);
        Use(receivers);
    }

    /// <summary>In the order of the configuration.</summary>
    public IReadOnlyList<Receiver> Receivers => _receivers;

    /// <summary>Uses these receivers from now on. Those that stay keep their queue.</summary>
    public void Use(IReadOnlyList<NotifyOptions> options)
    {
        lock (_gate)
        {
            var now = new List<Receiver>();
            foreach (NotifyOptions wanted in options)
            {
                if (_receivers.FirstOrDefault(receiver => receiver.Name == wanted.Name) is not { } receiver)
                {
                    now.Add(new Receiver(wanted, MakeSender, CountsOf(wanted.Name), _time, _log));
                    Say(wanted);
                    continue;
                }

                if (!NotifyChanges.AreSame(receiver.Options, wanted))
                {
                    receiver.Use(wanted);
                    Say(wanted);
                }

                now.Add(receiver);
            }

            foreach (Receiver gone in _receivers.Except(now))
            {
                gone.Stop();
            }

            _receivers = [.. now];
        }
    }

    /// <summary>Looks until stopped, then gives queued messages a moment. Does not throw.</summary>
    /// <param name="findSources">All present masters.</param>
    /// <param name="stop">The proxy ends.</param>
    public async Task RunAsync(Func<IReadOnlyCollection<ITopologySource>> findSources, CancellationToken stop)
    {
        try
        {
            while (true)
            {
                TryLook(findSources);
                await Task.Delay(LookInterval, _time, stop);
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }

        await FinishAsync();
    }

    /// <summary>One look. A new master is followed from here on.</summary>
    public void Look(IReadOnlyCollection<ITopologySource> sources)
    {
        MasterWatch[] old = _masters;
        if (old.Length != sources.Count || !old.All(watch => sources.Contains(watch.Source)))
        {
            _masters = [.. sources.Select(source => old.FirstOrDefault(watch => watch.Source == source) ?? Follow(source))];
            Array.ForEach([.. old.Except(_masters)], static gone => gone.Finish());
        }

        Array.ForEach(_masters, watch => watch.Settle(Offer));
        _sentinels.Look(sources);
        if (_sentinels.Ongoing is { } ongoing)
        {
            Offer(ongoing);
        }
        else if (_sentinels.Ended is { } end)
        {
            _logReceiver.OfferEnd(end.Id, end.Tell);
            Array.ForEach(_receivers, receiver => receiver.OfferEnd(end.Id, end.Lasted, end.Tell));
        }

        long[] left = [.. _masters.Select(watch => watch.OutageId).Append(_sentinels.Ongoing?.Id).OfType<long>()];
        _logReceiver.Forget(left);
        Array.ForEach(_receivers, receiver => receiver.Forget(left));
    }

    /// <summary>To the log, and to all receivers that want it.</summary>
    public void Publish(Notification notification)
    {
        _logReceiver.Write(notification);
        Array.ForEach(_receivers, receiver => receiver.Offer(notification));
    }

    /// <summary>An audit was made. Its findings about a master in the middle of a failover are ignored.</summary>
    public void OnAudit(IReadOnlyList<AuditResult> results)
    {
        MasterWatch[] masters = _masters;
        Notification[] news;
        lock (_gate)
        {
            news = [.. results
                .Where(result => !masters.Any(watch => watch.Source.Current.MasterName == result.Facts.MasterName && !watch.IsCalm))
                .Select(_drift.Take)
                .OfType<Notification>()];
        }

        Array.ForEach(news, Publish);
    }

    /// <summary>The entry point for replica checks: each change is reported once, however often this is called.</summary>
    /// <param name="master">Sentinel's name for it.</param>
    /// <param name="replica">As announced.</param>
    /// <param name="isHealthy">Fit to be promoted, or to be read from.</param>
    /// <param name="reason">A sentence: its problem, present or past. No secrets.</param>
    public void OnReplica(string master, HostEndpoint replica, bool isHealthy, string reason)
    {
        lock (_gate)
        {
            if (isHealthy ? !_unhealthy.Remove((master, replica)) : !_unhealthy.Add((master, replica)))
            {
                return;
            }
        }

        Publish(new Notification
        {
            Id = _ids.NextMessage(),
            Event = isHealthy ? NotifyEvent.ReplicaHealthy : NotifyEvent.ReplicaUnhealthy,
            At = _time.GetUtcNow(),
            Master = master,
            Address = AddressOf(master),
            Text = $"The replica {replica} of '{master}' is {(isHealthy ? "healthy again" : "unhealthy")}: {reason}",
            Replica = new ReplicaReport(replica, reason),
        });
    }

    /// <summary>Sends a test message at once, in one attempt.</summary>
    public Task<Attempt> TestAsync(Receiver receiver, CancellationToken stop)
    {
        string? master = receiver.Options.Masters.Count > 0 ? receiver.Options.Masters[0]
            : _masters.FirstOrDefault()?.Source.Current.MasterName;
        return receiver.TestAsync(
            new Notification
            {
                Id = _ids.NextMessage(),
                Event = NotifyEvent.Test,
                At = _time.GetUtcNow(),
                Master = master,
                Address = AddressOf(master),
                Text = $"A test of receiver '{receiver.Name}': nothing has happened",
            },
            stop);
    }

    public void Dispose()
    {
        foreach (Receiver receiver in _receivers)
        {
            receiver.Dispose();
        }

        _http.Dispose();
    }

    private void Offer(Ongoing ongoing)
    {
        _logReceiver.Offer(ongoing);
        Array.ForEach(_receivers, receiver => receiver.Offer(ongoing));
    }

    private HostEndpoint? AddressOf(string? master) => _masters
        .Select(watch => watch.Source.Current)
        .FirstOrDefault(view => view.MasterName == master)?.Master?.Announced;

    // Only the public part of an address, and no arguments.
    private void Say(NotifyOptions options)
    {
        string events = options.Events.Count == NotifyEvents.All.Count
            ? "all events"
            : string.Join(", ", options.Events.Select(NotifyEvents.NameOf));
        string where = options.Webhook?.ShownUrl ?? options.Command?.Path ?? "";
        NotifyLog.Tells(_log, options.Name, events, where);
    }

    private MasterWatch Follow(ITopologySource source)
    {
        var watch = new MasterWatch(source, _ids, _time, Publish);
        source.Subscribe(watch);
        return watch;
    }

    private void TryLook(Func<IReadOnlyCollection<ITopologySource>> findSources)
    {
        try
        {
            Look(findSources());
        }
        catch (Exception failure)
        {
            // Whatever the failure: traffic does not depend on it.
            NotifyLog.LookFailed(_log, failure);
        }
    }

    private async Task FinishAsync()
    {
        Array.ForEach(_masters, static watch => watch.Finish());
        Receiver[] receivers = _receivers;
        Array.ForEach(receivers, receiver => receiver.Finish());
        Task all = Task.WhenAll(receivers.Select(receiver => receiver.Delivering));
        await Task.WhenAny(all, Task.Delay(MaxFinishTime, _time, CancellationToken.None));
        Array.ForEach(receivers, receiver => receiver.Stop());
        await all;
    }

    private ISender MakeSender(NotifyOptions options) => options.Command is { } command
        ? new CommandSender(command, options.Name, _time, _log)
        : new WebhookSender(options.Webhook!, _http, _time);

    private ReceiverCounts CountsOf(string name)
    {
        if (!_counts.TryGetValue(name, out ReceiverCounts? counts))
        {
            counts = new ReceiverCounts();
            _counts.Add(name, counts);
        }

        return counts;
    }
}
