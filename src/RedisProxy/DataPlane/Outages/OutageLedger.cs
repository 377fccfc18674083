using System.Collections.Concurrent;

using Microsoft.Extensions.Logging;

using RedisProxy.Topology;

namespace RedisProxy.DataPlane;

/// <summary>
/// The outages of all masters. Looks at the counters once a second, and otherwise only while there is an outage. Any thread.
/// </summary>
internal sealed class OutageLedger(TimeProvider time, ILogger log)
{
    private static readonly TimeSpan SampleInterval = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<ITopologySource, MasterOutages> _masters = new();
    private ITimer? _sampling;

    public void Start() => _sampling = time.CreateTimer(_ => Sample(), null, SampleInterval, SampleInterval);

    public void Stop() => _sampling?.Dispose();

    /// <param name="source">Knows the master of the listener.</param>
    /// <param name="meter">Of the listener.</param>
    /// <param name="isOfMaster">See <see cref="MasterOutages.Add"/>.</param>
    /// <returns>To be called with each view that the listener's gates have been sent. Does not block.</returns>
    public Action<TopologyView> Follow(ITopologySource source, ListenerMeter meter, bool isOfMaster)
    {
        MasterOutages outages = _masters.GetOrAdd(source, source => new MasterOutages(source, time, log));
        source.Failovers.IsCounted |= isOfMaster;
        outages.Add(meter, isOfMaster);
        return isOfMaster ? view => outages.OnShown(meter, view) : static _ => { };
    }

    /// <summary>The listener is gone.</summary>
    public void Forget(string listener)
    {
        foreach ((ITopologySource source, MasterOutages outages) in _masters)
        {
            if (outages.Remove(listener))
            {
                _masters.TryRemove(source, out _);
            }
        }
    }

    /// <summary>The outage of this master that lasts; null: there is none.</summary>
    public RunningOutage? RunningOf(ITopologySource source) => _masters.GetValueOrDefault(source)?.Running;

    private void Sample()
    {
        foreach (MasterOutages outages in _masters.Values)
        {
            outages.Sample();
        }
    }
}
