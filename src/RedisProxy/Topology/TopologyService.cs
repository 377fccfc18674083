using RedisProxy.Configuration;

namespace RedisProxy.Topology;

/// <summary>
/// The whole control plane of one process: one link to each Sentinel, and one source of views for each distinct master, or for each
/// listener without Sentinel. Made once, run once; which masters there are, and how they are found, may change meanwhile.
/// </summary>
internal sealed class TopologyService
{
    /// <summary>Kept-alive like every other connection; Sentinels themselves close nothing and probe nobody by default.</summary>
    private static readonly TimeSpan SentinelUserTimeout = TimeSpan.FromSeconds(30);

    private readonly TopologyContext _context;
    private readonly SentinelSet? _sentinels;
    private readonly List<Task> _running = [];
    private Dictionary<string, Actor> _sources;
    private CancellationToken? _stop;

    /// <param name="options">Valid ones: with Sentinels every listener has a master, without there is a backend endpoint.</param>
    /// <param name="context">Clock, log, DNS.</param>
    public TopologyService(ProxyOptions options, TopologyContext context)
    {
        _context = context;
        var policy = new AddressPolicy(options);
        _sentinels = options.Sentinel is { } sentinel
            ? new SentinelSet(MastersOf(options), AccessOf(sentinel, options.Backend, context), policy)
            : null;
        _sources = NamesOf(options).ToDictionary(name => name, name => Make(name, options, policy), StringComparer.Ordinal);
        foreach (SentinelMonitor monitor in _sources.Values.Select(actor => actor.Source).OfType<SentinelMonitor>())
        {
            _sentinels!.Watch(monitor);
        }
    }

    /// <summary>Each once.</summary>
    public IReadOnlyCollection<ITopologySource> Sources => [.. _sources.Values.Select(actor => actor.Source)];

    /// <summary>Listeners of the same master share one.</summary>
    public ITopologySource SourceOf(ListenerOptions listener) => _sources[NameOf(listener)].Source;

    /// <summary>Until stopped; then ends when every connection is closed. Does not throw.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        _stop = stop;
        if (_sentinels is not null)
        {
            _running.Add(_sentinels.RunAsync(stop));
        }

        foreach (Actor actor in _sources.Values)
        {
            _running.Add(actor.ServeAsync(stop));
        }

        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using CancellationTokenRegistration registration = stop.Register(() => stopped.TrySetResult());
        await stopped.Task;
        await Task.WhenAll(_running);
    }

    /// <summary>
    /// Takes other options over; nobody forgets who the master is. Sources that no listener needs any more go on until
    /// <see cref="Trim"/>. One call at a time, while it runs.
    /// </summary>
    /// <param name="options">With Sentinels if the first ones had them, without if not.</param>
    public void Reconfigure(ProxyOptions options)
    {
        var policy = new AddressPolicy(options);
        var sources = new Dictionary<string, Actor>(_sources, StringComparer.Ordinal);
        foreach (Actor actor in sources.Values)
        {
            actor.Reconfigure(options, policy);
        }

        foreach (string name in NamesOf(options).Where(name => !sources.ContainsKey(name)))
        {
            Actor added = Make(name, options, policy);
            sources.Add(name, added);
            _running.Add(added.ServeAsync(_stop!.Value));
        }

        _sources = sources;
        _sentinels?.Reconfigure(Monitors(), AccessOf(options.Sentinel!, options.Backend, _context), policy);
    }

    /// <summary>Ends the sources that nobody needs.</summary>
    /// <param name="options">Those of the last <see cref="Reconfigure"/>.</param>
    public void Trim(ProxyOptions options)
    {
        string[] needed = [.. NamesOf(options)];
        Actor[] spare = [.. _sources.Where(source => !needed.Contains(source.Key)).Select(source => source.Value)];
        if (spare.Length == 0)
        {
            return;
        }

        _sources = _sources.Where(source => needed.Contains(source.Key)).ToDictionary(StringComparer.Ordinal);
        _sentinels?.Reconfigure(Monitors(), AccessOf(options.Sentinel!, options.Backend, _context), new AddressPolicy(options));
        Array.ForEach(spare, actor => actor.Stop());
    }

    /// <summary>How Sentinels are reached under these options.</summary>
    public static SentinelAccess AccessOf(SentinelOptions sentinel, BackendOptions backend, TopologyContext context) =>
        new(
            sentinel,
            new SocketSettings(backend.ConnectTimeout, new KeepAliveOptions(), SentinelUserTimeout) { Tls = context.SentinelTls },
            context);

    /// <summary>As <see cref="TopologyView.MasterName"/> has it.</summary>
    public static string NameOf(ListenerOptions listener) => listener.Master ?? listener.Name;

    /// <summary>The names that Sentinels are asked about, each once.</summary>
    public static string[] MastersOf(ProxyOptions options) =>
        [.. options.Listeners.Select(listener => listener.Master).OfType<string>().Distinct(StringComparer.Ordinal)];

    private static IEnumerable<string> NamesOf(ProxyOptions options) => options.Listeners.Select(NameOf).Distinct(StringComparer.Ordinal);

    private SentinelMonitor[] Monitors() => [.. _sources.Values.Select(actor => actor.Source).OfType<SentinelMonitor>()];

    private Actor Make(string name, ProxyOptions options, AddressPolicy policy)
    {
        if (_sentinels is null)
        {
            var source = new StaticSource(name, options, policy, _context);
            return new Actor(source, source.RunAsync, source.Reconfigure);
        }

        var monitor = new SentinelMonitor(name, options, policy, _sentinels.AskAll, _context);
        return new Actor(monitor, monitor.RunAsync, monitor.Reconfigure);
    }

    private sealed record Actor(
        ITopologySource Source, Func<CancellationToken, Task> RunAsync, Action<ProxyOptions, AddressPolicy> Reconfigure)
        : IDisposable
    {
        private readonly CancellationTokenSource _stop = new();

        public async Task ServeAsync(CancellationToken stop)
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, _stop.Token);
            await RunAsync(either.Token);
        }

        public void Stop() => _stop.Cancel();

        public void Dispose() => _stop.Dispose();
    }
}
