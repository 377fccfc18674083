using RedisProxy.Configuration;

namespace RedisProxy.Topology;

/// <summary>
/// The whole control plane of one process: one link to each Sentinel, and one source of views for each distinct master, or for each
/// listener without Sentinel. Made once, run once.
/// </summary>
internal sealed class TopologyService
{
    /// <summary>Kept-alive like every other connection; Sentinels themselves close nothing and probe nobody by default.</summary>
    private static readonly TimeSpan SentinelUserTimeout = TimeSpan.FromSeconds(30);

    private readonly Dictionary<string, ITopologySource> _sources = new(StringComparer.Ordinal);
    private readonly List<Func<CancellationToken, Task>> _actors = [];

    /// <param name="options">Valid ones: with Sentinels every listener has a master, without there is a backend endpoint.</param>
    /// <param name="context">Clock, log, DNS.</param>
    public TopologyService(ProxyOptions options, TopologyContext context)
    {
        var policy = new AddressPolicy(options);
        if (options.Sentinel is null)
        {
            AddStatic(options, policy, context);
        }
        else
        {
            AddMonitors(options, policy, context);
        }
    }

    /// <summary>Each once.</summary>
    public IReadOnlyCollection<ITopologySource> Sources => _sources.Values;

    /// <summary>Listeners of the same master share one.</summary>
    public ITopologySource SourceOf(ListenerOptions listener) => _sources[listener.Master ?? listener.Name];

    /// <summary>Until stopped; then ends when every connection is closed. Does not throw.</summary>
    public Task RunAsync(CancellationToken stop) => Task.WhenAll(_actors.Select(run => run(stop)));

    /// <summary>How Sentinels are reached under these options.</summary>
    public static SentinelAccess AccessOf(SentinelOptions sentinel, BackendOptions backend, TopologyContext context) =>
        new(
            sentinel,
            new SocketSettings(backend.ConnectTimeout, new KeepAliveOptions(), SentinelUserTimeout) { Tls = context.SentinelTls },
            context);

    /// <summary>The names that Sentinels are asked about, each once.</summary>
    public static string[] MastersOf(ProxyOptions options) =>
        [.. options.Listeners.Select(listener => listener.Master).OfType<string>().Distinct(StringComparer.Ordinal)];

    private void AddStatic(ProxyOptions options, AddressPolicy policy, TopologyContext context)
    {
        foreach (ListenerOptions listener in options.Listeners)
        {
            var source = new StaticSource(listener.Name, options, policy, context);
            _sources.Add(listener.Name, source);
            _actors.Add(source.RunAsync);
        }
    }

    private void AddMonitors(ProxyOptions options, AddressPolicy policy, TopologyContext context)
    {
        string[] masters = MastersOf(options);
        var sentinels = new SentinelSet(masters, AccessOf(options.Sentinel!, options.Backend, context), policy);
        _actors.Add(sentinels.RunAsync);
        foreach (string master in masters)
        {
            var monitor = new SentinelMonitor(master, options, policy, sentinels.AskAll, context);
            sentinels.Watch(monitor);
            _sources.Add(master, monitor);
            _actors.Add(monitor.RunAsync);
        }
    }
}
