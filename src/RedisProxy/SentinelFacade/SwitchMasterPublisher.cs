using RedisProxy.Topology;

namespace RedisProxy.SentinelFacade;

/// <summary>Reports when a master has replaced another one and takes requests. One for each source.</summary>
/// <param name="onSwitch">Receives the master's name, on a thread of the control plane. Must not block.</param>
internal sealed class SwitchMasterPublisher(Action<string> onSwitch) : ITopologyObserver
{
    private long _announced;

    public void OnTopology(TopologyView view)
    {
        if (!view.IsServing || view.Generation <= _announced)
        {
            return;
        }

        // The first one has replaced none.
        bool isSwitch = _announced > 0;
        _announced = view.Generation;
        if (isSwitch)
        {
            onSwitch(view.MasterName);
        }
    }
}
