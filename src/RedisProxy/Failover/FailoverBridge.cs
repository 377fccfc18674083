using RedisProxy.EventLoops;
using RedisProxy.Sessions;
using RedisProxy.Topology;

namespace RedisProxy.Failover;

/// <summary>
/// The one bridge between the planes. Views of a master go from the control plane to the gate of every loop, as posted work; suspicions
/// of sessions go the other way. Nothing else crosses.
/// </summary>
internal sealed class FailoverBridge : ITopologyObserver
{
    private readonly IReadOnlyList<Gate> _gates;

    private FailoverBridge(IReadOnlyList<Gate> gates) => _gates = gates;

    /// <summary>One listener's gate on one loop, whose suspicions reach the source of its topology.</summary>
    public static Gate CreateGate(EventLoop loop, ITopologySource source, TimeSpan maxOutage, Action<Exception> onSessionFault) =>
        new(loop, (long)maxOutage.TotalMilliseconds, source.Suspect, onSessionFault);

    /// <summary>From now on the gates follow the source, beginning with what it knows.</summary>
    public static void Connect(ITopologySource source, IReadOnlyList<Gate> gates) => source.Subscribe(new FailoverBridge(gates));

    public void OnTopology(TopologyView view)
    {
        foreach (Gate gate in _gates)
        {
            gate.Loop.Post(
                static posted =>
                {
                    (Gate gate, TopologyView view) = ((Gate, TopologyView))posted!;
                    gate.Apply(view);
                },
                (gate, view));
        }
    }
}
