using System.Collections.Concurrent;
using System.Net;

using RedisProxy.Configuration;
using RedisProxy.Topology;

namespace RedisProxy.SentinelFacade;

/// <summary>
/// The masters as announced to clients: by the proxy's address, which is the same before, during and after a failover. So they are
/// never announced as down, because requests to that address wait until the master is up.
/// <para>
/// The exception is a master that this proxy has never found. Requests to it wait for <c>hold.timeout</c>, and for that long after the
/// start it is announced like any other, because Sentinels are usually found in a few milliseconds. After that it is announced as down,
/// and its address as unknown, so that clients ask the next proxy instead of staying with one that knows nothing.
/// </para>
/// </summary>
internal sealed class FacadeDirectory
{
    private readonly RunningOptions _running;
    private readonly Func<IReadOnlyCollection<ITopologySource>> _sources;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<string, long> _firstSeen = new(StringComparer.Ordinal);

    /// <param name="running">The listeners, and the advertised addresses.</param>
    /// <param name="sources">Of the masters; may change with a reload.</param>
    /// <param name="time">The clock.</param>
    public FacadeDirectory(RunningOptions running, Func<IReadOnlyCollection<ITopologySource>> sources, TimeProvider time)
    {
        _running = running;
        _sources = sources;
        _time = time;
        foreach (ITopologySource source in sources())
        {
            SinceFirstSeen(source.Current.MasterName);
        }
    }

    public IReadOnlyCollection<ITopologySource> Sources => _sources();

    /// <summary>Without duplicates, in the order of the listeners. Masters that cannot be announced to this client are left out.</summary>
    /// <param name="local">The local address that the client has connected to.</param>
    public IReadOnlyList<FacadeMaster> MastersFor(IPAddress local)
    {
        ProxyOptions options = _running.Current;
        var views = _sources().Select(source => source.Current).ToDictionary(view => view.MasterName, StringComparer.Ordinal);
        var masters = new List<FacadeMaster>();
        foreach (string name in options.Listeners.Select(TopologyService.NameOf).Distinct(StringComparer.Ordinal))
        {
            if (views.TryGetValue(name, out TopologyView? view) && AnnouncedAddress.OfMaster(options, name, local) is { } address)
            {
                bool isGivenUp = view.Generation == 0 && SinceFirstSeen(name) >= options.Hold.Timeout;
                masters.Add(new FacadeMaster(name, address, AnnouncedAddress.OfReplicas(options, name, local), view, isGivenUp));
            }
        }

        return masters;
    }

    public FacadeMaster? Find(string name, IPAddress local) => MastersFor(local).FirstOrDefault(master => master.Name == name);

    private TimeSpan SinceFirstSeen(string name) => _time.GetElapsedTime(_firstSeen.GetOrAdd(name, _ => _time.GetTimestamp()));
}

/// <summary>One master, for one client.</summary>
/// <param name="Name">Sentinel's name; without Sentinel the listener's.</param>
/// <param name="Address">The proxy's.</param>
/// <param name="Replicas">Addresses of the proxy that lead to replicas.</param>
/// <param name="View">The present view.</param>
/// <param name="IsGivenUp">None was found, and no request waits for it any more.</param>
internal sealed record FacadeMaster(
    string Name, HostEndpoint Address, IReadOnlyList<HostEndpoint> Replicas, TopologyView View, bool IsGivenUp)
{
    /// <summary>How many real Sentinels must agree that it is down. A majority until one of them has reported it.</summary>
    public int Quorum => View.Sentinels.Select(sentinel => sentinel.Quorum).Append(0).Max() is var said and > 0 ? said : Majority;

    public int Majority => (View.Sentinels.Count / 2) + 1;

    /// <summary>Real Sentinels that answer and know this master.</summary>
    public int UsableSentinels => View.Sentinels.Count(sentinel => sentinel.IsConnected && sentinel.Master is not null);
}
