using Microsoft.Extensions.Logging;

using RedisProxy.Actors;
using RedisProxy.Configuration;
using RedisProxy.Servers;

namespace RedisProxy.Topology;

/// <summary>
/// The whole control plane of one process: one link to each Sentinel, one source of views for each distinct master (or for each listener
/// without Sentinel), a watch on its replicas, and one source for each replica listener. Created once, run once; the set of masters, and
/// how they are found, may change meanwhile.
/// </summary>
internal sealed class TopologyService
{
    private readonly TopologyContext _context;
    private readonly LapseNotice _lapses;
    private readonly SentinelSet? _sentinels;
    private readonly List<Task> _running = [];
    private Dictionary<string, MasterActors> _sources;
    private volatile IReadOnlyDictionary<string, Actor<ReplicaSource>> _replicas = new Dictionary<string, Actor<ReplicaSource>>();
    private CancellationToken? _stop;

    /// <param name="options">Validated: with Sentinels every listener has a master, without them there is a backend endpoint.</param>
    /// <param name="context">Clock, log, DNS.</param>
    public TopologyService(ProxyOptions options, TopologyContext context)
    {
        _context = context;
        var policy = new AddressPolicy(options);
        if (options.Sentinel is { } sentinel)
        {
            Lease = new Lease(context.Time);
            _sentinels = new SentinelSet(MastersOf(options), SentinelAccess.Of(sentinel, options.Backend, context), policy, Lease, Renew);
        }

        _lapses = new LapseNotice(new MonotonicClock(context.Time), context.Loggers.CreateLogger<TopologyService>());
        _sources = NamesOf(options).ToDictionary(name => name, name => Make(name, options, policy), StringComparer.Ordinal);
        _replicas = AddReplicas(options);
        foreach (SentinelMonitor monitor in Monitors())
        {
            _sentinels!.Watch(monitor);
        }
    }

    /// <summary>Without duplicates.</summary>
    public IReadOnlyCollection<ITopologySource> Sources => [.. _sources.Values.Select(actors => actors.Source.Self)];

    /// <summary>How long views may be acted upon; null without Sentinel.</summary>
    public Lease? Lease { get; }

    /// <summary>Master listeners of the same master share one; each replica listener has its own, a <see cref="ReplicaSource"/>.</summary>
    public ITopologySource SourceOf(ListenerOptions listener) =>
        listener.Role == ListenerRole.Replica ? _replicas[listener.Name].Self : _sources[NameOf(listener)].Source.Self;

    /// <summary>The state of a master's replicas; null without Sentinel, and for an unknown master.</summary>
    public ReplicationView? ReplicationOf(string master) => _sources.GetValueOrDefault(master)?.Watch?.Self.Current;

    /// <summary>No failover is in progress or has just ended: every master has been serving for some time. Any thread.</summary>
    /// <param name="time">How long ago the last failover must have ended: replicas need that long to catch up, and Sentinels to
    /// agree.</param>
    public bool IsSettledFor(TimeSpan time)
    {
        DateTimeOffset now = _context.Time.GetUtcNow();
        return Sources.All(source => source.Current is { IsServing: true, IsPromoting: false }
            && (source.Failovers.Last.LastOrDefault(static record => record.IsFailover) is not { } last
                || now - last.FirstSignAt - (last.AvailableAfter ?? last.AcceptedAfter ?? TimeSpan.Zero) >= time));
    }

    /// <summary>Runs until stopped and every connection is closed. Does not throw.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        _stop = stop;
        if (_sentinels is not null)
        {
            _running.Add(_sentinels.RunAsync(stop));
        }

        foreach (MasterActors actors in _sources.Values)
        {
            Run(actors);
        }

        _running.AddRange(_replicas.Values.Select(replica => replica.ServeAsync(stop)));
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using CancellationTokenRegistration registration = stop.Register(() => stopped.TrySetResult());
        await stopped.Task;
        await Task.WhenAll(_running);
    }

    /// <summary>
    /// Adopts new options; every known master stays known. Sources that no listener needs any more keep running until
    /// <see cref="Trim"/>. One call at a time, while the service runs.
    /// </summary>
    /// <param name="options">With Sentinels if and only if the first ones had them.</param>
    public void Reconfigure(ProxyOptions options)
    {
        var policy = new AddressPolicy(options);
        var sources = new Dictionary<string, MasterActors>(_sources, StringComparer.Ordinal);
        foreach (MasterActors actors in sources.Values)
        {
            actors.Reconfigure(options, policy);
            actors.Watch?.Self.Reconfigure(options, policy);
        }

        foreach (string name in NamesOf(options).Where(name => !sources.ContainsKey(name)))
        {
            MasterActors added = Make(name, options, policy);
            sources.Add(name, added);
            Run(added);
        }

        _sources = sources;
        IReadOnlyDictionary<string, Actor<ReplicaSource>> replicas = AddReplicas(options);
        _running.AddRange(replicas.Where(pair => !_replicas.ContainsKey(pair.Key)).Select(pair => pair.Value.ServeAsync(_stop!.Value)));
        _replicas = replicas;
        _sentinels?.Reconfigure(Monitors(), SentinelAccess.Of(options.Sentinel!, options.Backend, _context), policy);
    }

    /// <summary>Stops the sources that no listener needs.</summary>
    /// <param name="options">Those of the last <see cref="Reconfigure"/>.</param>
    public void Trim(ProxyOptions options)
    {
        string[] listeners = [.. options.Listeners.Where(IsReplica).Select(listener => listener.Name)];
        foreach ((_, Actor<ReplicaSource> replica) in _replicas.Where(pair => !listeners.Contains(pair.Key)))
        {
            replica.Stop();
        }

        _replicas = _replicas.Where(pair => listeners.Contains(pair.Key)).ToDictionary(StringComparer.Ordinal);
        string[] needed = [.. NamesOf(options)];
        MasterActors[] spare = [.. _sources.Where(source => !needed.Contains(source.Key)).Select(source => source.Value)];
        if (spare.Length == 0)
        {
            return;
        }

        _sources = _sources.Where(source => needed.Contains(source.Key)).ToDictionary(StringComparer.Ordinal);
        _sentinels?.Reconfigure(Monitors(), SentinelAccess.Of(options.Sentinel!, options.Backend, _context), new AddressPolicy(options));
        foreach (MasterActors actors in spare)
        {
            actors.Watch?.Stop();
            actors.Source.Stop();
        }
    }

    /// <summary>See <see cref="TopologyView.MasterName"/>.</summary>
    public static string NameOf(ListenerOptions listener) => listener.Master ?? listener.Name;

    /// <summary>The master names to ask the Sentinels about, without duplicates.</summary>
    public static string[] MastersOf(ProxyOptions options) =>
        [.. options.Listeners.Select(listener => listener.Master).OfType<string>().Distinct(StringComparer.Ordinal)];

    private static IEnumerable<string> NamesOf(ProxyOptions options) => options.Listeners.Select(NameOf).Distinct(StringComparer.Ordinal);

    private static bool IsReplica(ListenerOptions listener) => listener.Role == ListenerRole.Replica;

    private SentinelMonitor[] Monitors() => [.. _sources.Values.Select(actors => actors.Source.Self).OfType<SentinelMonitor>()];

    /// <summary>
    /// Every Sentinel had answered as of that moment. The lease is renewed once their answers have been published: by the sources of the
    /// masters, and by those of the replica listeners, which depend on them.
    /// </summary>
    private void Renew(long asOf) => AfterAll(
        Sources, () => AfterAll([.. _replicas.Values.Select(replica => replica.Self)], () => _lapses.Say(Lease!.Renew(asOf))));

    private static void AfterAll(IReadOnlyCollection<ITopologySource> sources, Action action)
    {
        int left = sources.Count;
        if (left == 0)
        {
            action();
        }

        foreach (ITopologySource source in sources)
        {
            source.AfterAll(() =>
            {
                if (Interlocked.Decrement(ref left) == 0)
                {
                    action();
                }
            });
        }
    }

    private void Run(MasterActors actors)
    {
        _running.Add(actors.Source.ServeAsync(_stop!.Value));
        if (actors.Watch is { } watch)
        {
            _running.Add(watch.ServeAsync(_stop.Value));
        }
    }

    /// <summary>The existing sources, reconfigured, and the missing ones.</summary>
    private Dictionary<string, Actor<ReplicaSource>> AddReplicas(ProxyOptions options)
    {
        var replicas = new Dictionary<string, Actor<ReplicaSource>>(_replicas, StringComparer.Ordinal);
        foreach (ListenerOptions listener in options.Listeners.Where(IsReplica))
        {
            if (replicas.TryGetValue(listener.Name, out Actor<ReplicaSource>? known))
            {
                known.Self.Reconfigure(listener);
                continue;
            }

            MasterActors master = _sources[NameOf(listener)];
            var source = new ReplicaSource(master.Source.Self, master.Watch!.Self, listener, _context);
            replicas[listener.Name] = new Actor<ReplicaSource>(source, source.RunAsync);
        }

        return replicas;
    }

    private MasterActors Make(string name, ProxyOptions options, AddressPolicy policy)
    {
        if (_sentinels is null)
        {
            var source = new StaticMasterSource(name, options, policy, _context);
            return new MasterActors(new Actor<ITopologySource>(source, source.RunAsync), Watch: null, source.Reconfigure);
        }

        var monitor = new SentinelMonitor(name, options, policy, () => _sentinels.AskAll(), _context) { Lease = Lease };
        var watch = new ReplicaWatch(monitor, options, policy, _context);
        watch.Subscribe(monitor.OnReplication);
        return new MasterActors(
            new Actor<ITopologySource>(monitor, monitor.RunAsync),
            new Actor<ReplicaWatch>(watch, watch.RunAsync),
            monitor.Reconfigure);
    }

    /// <param name="Source">Finds the master.</param>
    /// <param name="Watch">Null without Sentinel.</param>
    /// <param name="Reconfigure">Of the source.</param>
    private sealed record MasterActors(
        Actor<ITopologySource> Source, Actor<ReplicaWatch>? Watch, Action<ProxyOptions, AddressPolicy> Reconfigure);
}
