using System.Runtime.CompilerServices;

using RedisProxy.EventLoops;
using RedisProxy.Resp;
using RedisProxy.Topology;

namespace RedisProxy.Sessions;

/// <summary>
/// What one listener's sessions on one loop may do now: the loop's copy of the topology, and the only place where the control plane's
/// knowledge enters the data plane. Applying a view first fences older links, then opens or shuts the gate, then lets sessions connect.
/// Only the loop's thread touches it.
/// </summary>
internal sealed class Gate(
    EventLoop loop, long maxOutageMs, Func<SuspicionReason, long> suspect, Action<Exception> onSessionFault, Lease? lease = null)
{
    /// <summary>
    /// After a failover, the last replica follows the new master once Sentinel has demoted the old one: some 11 s with its default timing.
    /// </summary>
    private const long NewMasterMs = 20_000;

    /// <summary>
    /// Extra delay of pops after a failover. The failover has closed connections, those of subscribers; a client that then drops all of its
    /// connections, as Celery does, needs time for it: an element popped for a connection that is about to be dropped is lost.
    /// </summary>
    private const int PopsLaterMs = 250;

    private readonly HashSet<IGateUser> _users = [];
    private long _suspicion;
    private long _suspicionIteration = -1;
    private long _shutSinceMs;
    private long _openedAtMs = -1;
    private long _failedOverAtMs = long.MinValue / 2;
    private LoopTimer? _popsDue;

    /// <summary>The master refused the credentials of <c>listeners[].backendUser</c>, which ended a session.</summary>
    public Action OnBackendUserRefused { get; init; } = static () => { };

    /// <summary>A session ended because its backend sent a malformed reply, or one without a request. Receives the reason.</summary>
    public Action<string> OnBackendProtocolError { get; init; } = static _ => { };

    /// <summary>Too few replicas had a write in time.</summary>
    public Action OnNotConfirmed { get; init; } = static () => { };

    /// <summary>A view has taken effect.</summary>
    public Action OnApplied { get; set; } = static () => { };

    /// <summary>Connections behind it that belong to no single user.</summary>
    public List<IGateLinks> Links { get; } = [];

    /// <summary>The master refused to say whether replicas have a write. Receives its words.</summary>
    public Action<string> OnConfirmationRefused { get; init; } = static _ => { };

    public TopologyView View { get; private set; } = new() { MasterName = "" };

    /// <summary>May the view be acted upon?</summary>
    public ViewLease Lease { get; } = new(loop, lease);

    /// <summary>Number of the event that last let requests wait, or all of them go.</summary>
    public long HandoffNumber { get; private set; }

    public EventLoop Loop => loop;

    /// <summary>In an outage longer than this, requests are not held.</summary>
    public long MaxOutageMs { get; set; } = maxOutageMs;

    public IReadOnlyCollection<IGateUser> Users => _users;

    /// <summary>The outage has lasted longer than requests are held: until a master is back, requests are answered at once.</summary>
    public bool FailsFast => !View.IsServing && loop.NowMs - _shutSinceMs > MaxOutageMs;

    /// <summary>A failover happened recently, so the master's replicas may still be missing.</summary>
    public bool IsMasterNew => loop.NowMs - _failedOverAtMs < NewMasterMs;

    /// <summary>A failover happened so recently that pops wait although there is a master.</summary>
    public bool HoldsPops { get; private set; }

    /// <summary>Did the request wait for a master, and not just for its session's connection?</summary>
    public bool HasHeld(in PendingRequest request) => request.HasWaited || request.WaitsSinceMs <= _openedAtMs;

    public void Add(IGateUser user) => _users.Add(user);

    public void Remove(IGateUser user) => _users.Remove(user);

    /// <summary>May any request be sent to a link of the current generation?</summary>
    public bool AllowsAll => View.Availability == Availability.Available;

    /// <summary>May a request be sent to a link of the current generation?</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Allows(CommandTraits traits) => Lease.Runs && IsOpenFor(traits);

    /// <summary>
    /// Is there a master for such a request, as far as is known? The lease may have run out at the moment, see <see cref="ViewLease"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsOpenFor(CommandTraits traits) => View.Availability switch
    {
        Availability.Available => !HoldsPops || !traits.IsPop,
        Availability.ReadsOnly => traits.IsResendable,
        _ => false,
    };

    /// <summary>
    /// Time on the loop's clock before which such a request does not expire although there is a master: it is held back, or was just
    /// released.
    /// </summary>
    public long KeptUntilMs(CommandTraits traits) =>
        traits.IsPop && AllowsAll ? _failedOverAtMs + (2 * PopsLaterMs) : long.MinValue;

    /// <summary>The target of a replica listener's next link; null for a master listener.</summary>
    public ReplicaTarget? Choose()
    {
        ReplicaTarget? best = null;
        foreach (ReplicaTarget target in View.Targets)
        {
            best = best is null || target.LoadWithOneMore < best.LoadWithOneMore ? target : best;
        }

        return best;
    }

    /// <summary>Reports suspicion of the master. Reports of several sessions in the same iteration count as one.</summary>
    public long Suspect(SuspicionReason reason)
    {
        if (_suspicionIteration != loop.Iteration)
        {
            _suspicionIteration = loop.Iteration;
            _suspicion = suspect(reason);
        }

        return _suspicion;
    }

    /// <summary>Logs a fault in a session.</summary>
    public void Report(Exception error) => onSessionFault(error);

    /// <param name="view">Replaces the current one.</param>
    /// <param name="heardAsOf">The lease's moment when the view was created; null without a lease.</param>
    /// <param name="number">Of the event, if it is one for clients, see <see cref="HandoffNumbers"/>.</param>
    public void Apply(TopologyView view, long? heardAsOf = null, long number = 0)
    {
        TopologyView before = View;
        bool allowedAll = AllowsAll;
        bool isSuperseded = view.Generation != before.Generation;
        if (before.IsServing && (!view.IsServing || isSuperseded))
        {
            Lease.Doubt(heardAsOf);
        }

        if (isSuperseded || (before.IsTrusted && !view.IsTrusted))
        {
            Links.ForEach(static links => links.TakeArrived());
        }

        if (before.IsTrusted && (isSuperseded || !view.IsTrusted))
        {
            ForEachUser(static user => user.TakeRepliesInTime());
        }

        View = view;
        HandoffNumber = allowedAll != AllowsAll || HandoffNumber == 0 ? number : HandoffNumber;
        if (before.IsServing && !view.IsServing)
        {
            _shutSinceMs = loop.NowMs;
        }
        else if (!before.IsServing && view.IsServing)
        {
            _openedAtMs = loop.NowMs;
        }

        // Fence all of them first: nothing may reach the old master while other sessions already write to the new one.
        if (isSuperseded)
        {
            if (before.Generation > 0)
            {
                KeepPops();
            }

            ForEachUser(static user => user.FenceIfSuperseded());
            Links.ForEach(static links => links.FenceIfSuperseded());
        }

        ForEachUser(static user => user.OnGateChanged());
        Links.ForEach(static links => links.WakeWaiting());
        OnApplied();
    }

    private void KeepPops()
    {
        _failedOverAtMs = loop.NowMs;
        HoldsPops = true;
        _popsDue ??= new LoopTimer(static gate => ((Gate)gate).ReleasePops(), this);
        loop.Timers.Disarm(_popsDue);
        loop.Timers.Arm(_popsDue, _failedOverAtMs + PopsLaterMs);
    }

    private void ReleasePops()
    {
        HoldsPops = false;
        ForEachUser(static user => user.OnGateChanged());
    }

    // A callback may end its session, which removes it from the set.
    private void ForEachUser(Action<IGateUser> action)
    {
        foreach (IGateUser user in _users.ToArray())
        {
            if (!user.IsEnded)
            {
                action(user);
            }
        }
    }
}
