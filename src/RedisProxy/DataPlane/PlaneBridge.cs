using RedisProxy.EventLoops;
using RedisProxy.Sessions;
using RedisProxy.Topology;

namespace RedisProxy.DataPlane;

/// <summary>
/// The only bridge between the planes. Views of a master go from the control plane to the gate of every loop, as posted work; suspicions
/// of sessions go the other way. Nothing else crosses. While an operator has paused the listener, a serving master is presented as one
/// that is about to be replaced: nothing new is sent, and requests in flight may still be answered.
/// </summary>
internal sealed class PlaneBridge : ITopologyObserver
{
    private readonly IReadOnlyList<Gate> _gates;
    private readonly Lease? _lease;
    private readonly HandoffNumbers _numbers;
    private readonly Action<TopologyView> _onHold;
    private readonly Action<TopologyView> _onShown;

    // Views come from the source's thread, pauses from an operator's: the last one posted must be the newest of both.
    private readonly Lock _showing = new();
    private TopologyView? _view;
    private string? _paused;

    private PlaneBridge(
        IReadOnlyList<Gate> gates, Lease? lease, HandoffNumbers numbers, Action<TopologyView> onHold, Action<TopologyView> onShown)
    {
        _gates = gates;
        _lease = lease;
        _numbers = numbers;
        _onHold = onHold;
        _onShown = onShown;
    }

    /// <param name="reason">For which the listener is paused; null: it is not, or not any more.</param>
    public void Pause(string? reason)
    {
        lock (_showing)
        {
            _paused = reason;
            Show();
        }
    }

    /// <summary>One listener's gate on one loop, whose suspicions reach the source of its topology.</summary>
    public static Gate CreateGate(
        EventLoop loop, ITopologySource source, TimeSpan maxOutage, Action<Exception> onSessionFault, RefusedClients refused) =>
        new(loop, (long)maxOutage.TotalMilliseconds, source.Suspect, onSessionFault, source.Lease)
        {
            OnBackendUserRefused = refused.ReportBackendUser,
            OnBackendProtocolError = refused.ReportBackend,
            OnConfirmationRefused = refused.ReportConfirmation,
            OnNotConfirmed = refused.ReportNotConfirmed,
        };

    /// <summary>Makes the gates follow the source, starting with its current view.</summary>
    /// <param name="source">Of the listener.</param>
    /// <param name="gates">One for each loop.</param>
    /// <param name="numbers">Of events, for clients.</param>
    /// <param name="onHold">Called with the view that starts a failover, after it was posted to all gates. Must not wait.</param>
    /// <param name="onShown">Called with each view, as it was posted to all gates. Must not wait.</param>
    public static PlaneBridge Connect(
        ITopologySource source,
        IReadOnlyList<Gate> gates,
        HandoffNumbers numbers,
        Action<TopologyView> onHold,
        Action<TopologyView> onShown)
    {
        var bridge = new PlaneBridge(gates, source.Lease, numbers, onHold, onShown);
        source.Subscribe(bridge);
        return bridge;
    }

    public void OnTopology(TopologyView view)
    {
        lock (_showing)
        {
            bool isNewHold = view.Availability == Availability.PlannedHold && _view?.Availability != Availability.PlannedHold;
            _view = view;
            Show();
            if (isNewHold)
            {
                _onHold(view);
            }
        }
    }

    private void Show()
    {
        if (_view is not { } view)
        {
            return;
        }

        if (_paused is { } reason && view.IsServing)
        {
            view = view with { Availability = Availability.PlannedHold, Reason = reason };
        }

        long? heardAsOf = _lease?.AsOf;
        long number = _numbers.Next();
        foreach (Gate gate in _gates)
        {
            gate.Loop.Post(
                static posted =>
                {
                    (Gate gate, TopologyView view, long? heardAsOf, long number) = ((Gate, TopologyView, long?, long))posted!;
                    gate.Apply(view, heardAsOf, number);
                },
                (gate, view, heardAsOf, number));
        }

        _onShown(view);
    }
}
