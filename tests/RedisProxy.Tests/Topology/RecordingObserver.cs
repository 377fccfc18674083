using System.Collections.Concurrent;

using RedisProxy.Topology;

namespace RedisProxy.Tests.Topology;

/// <summary>Keeps every view, in order.</summary>
internal sealed class RecordingObserver : ITopologyObserver
{
    private readonly ConcurrentQueue<TopologyView> _views = [];

    public IReadOnlyList<TopologyView> Views => [.. _views];

    /// <summary>Generation and availability of each change of the two: <c>1 Verifying</c>.</summary>
    public IReadOnlyList<string> Path
    {
        get
        {
            var path = new List<string>();
            foreach (TopologyView view in _views)
            {
                string step = $"{view.Generation} {view.Availability}";
                if (path.Count == 0 || path[^1] != step)
                {
                    path.Add(step);
                }
            }

            return path;
        }
    }

    public void OnTopology(TopologyView view) => _views.Enqueue(view);
}
