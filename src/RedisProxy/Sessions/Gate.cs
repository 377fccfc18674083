using System.Runtime.CompilerServices;

using RedisProxy.EventLoops;
using RedisProxy.Resp;
using RedisProxy.Topology;

namespace RedisProxy.Sessions;

/// <summary>
/// What one listener's sessions on one loop may do now: the loop's copy of the topology. It is the only place where the control plane's
/// knowledge enters the data plane. Applying a view first fences what is older, then opens or shuts the way, then lets sessions connect.
/// Only the loop's thread touches it.
/// </summary>
internal sealed class Gate(
    EventLoop loop, long maxOutageMs, Func<SuspicionReason, long> suspect, Action<Exception> onSessionFault, Lease? lease = null)
{
    /// <summary>
    /// After a failover the last replica follows the new master when Sentinel has demoted the old one, with its default timing after
    /// some 11 s.
    /// </summary>
    private const long NewMasterMs = 20_000;

    /// <summary>
    /// After a failover pops go so much later than the rest. It has closed connections, those of subscribers; a client that then drops all
    /// of its connections, as Celery does, needs the time to do so: what a pop takes for a connection that is about to be dropped is lost.
    /// </summary>
    private const int PopsLaterMs = 250;

    private readonly HashSet<IGateUser> _users = [];
    private long _suspicion;
    private long _suspicionTurn = -1;
    private long _shutSinceMs;
    private long _openedAtMs = -1;
    private long _failedOverAtMs = long.MinValue / 2;
    private LoopTimer? _popsDue;

    /// <summary>The master does not take the credentials of <c>listeners[].backendUser</c>; a session has ended because of it.</summary>
    public Action OnBackendUserRefused { get; init; } = static () => { };

    /// <summary>A backend sent what is no reply, or one to nothing, and a session has ended because of it: gets the reason.</summary>
    public Action<string> OnBackendProtocolError { get; init; } = static _ => { };

    /// <summary>A view has taken effect.</summary>
    public Action OnApplied { get; set; } = static () => { };

    public TopologyView View { get; private set; } = new() { MasterName = "" };

    /// <summary>May what the view says be acted upon?</summary>
    public ViewLease Lease { get; } = new(loop, lease);

    public EventLoop Loop => loop;

    /// <summary>Requests of an outage that lasts longer are not held.</summary>
    public long MaxOutageMs { get; set; } = maxOutageMs;

    public IReadOnlyCollection<IGateUser> Users => _users;

    /// <summary>The outage has lasted longer than requests are held: they are answered at once until a master is back.</summary>
    public bool FailsFast => !View.IsServing && loop.NowMs - _shutSinceMs > MaxOutageMs;

    /// <summary>There was a failover a short while ago, so its replicas may not have come yet.</summary>
    public bool IsMasterNew => loop.NowMs - _failedOverAtMs < NewMasterMs;

    /// <summary>There was one so short a while ago that pops wait though there is a master.</summary>
    public bool KeepsPops { get; private set; }

    /// <summary>Has the request waited for a master, and not just for its session's connection?</summary>
    public bool HasHeld(in PendingRequest request) => request.HasWaited || request.WaitsSinceMs <= _openedAtMs;

    public void Add(IGateUser user) => _users.Add(user);

    public void Remove(IGateUser user) => _users.Remove(user);

    /// <summary>May any request be sent to a link of the current generation?</summary>
    public bool AllowsAll => View.Availability == Availability.Available;

    /// <summary>May a request be sent to a link of the current generation?</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Allows(CommandTraits traits) => Lease.Runs && IsOpenFor(traits);

    /// <summary>
    /// Is there a master for such a request, as far as is known? For a moment it may not be certain, see <see cref="ViewLease"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsOpenFor(CommandTraits traits) => View.Availability switch
    {
        Availability.Available => !KeepsPops || !traits.IsPop,
        Availability.ReadsOnly => traits.IsResendable,
        _ => false,
    };

    /// <summary>
    /// On the loop's clock: before that such a request does not expire while there is a master, because it is kept, or was until just now.
    /// </summary>
    public long KeptUntilMs(CommandTraits traits) =>
        traits.IsPop && AllowsAll ? _failedOverAtMs + (2 * PopsLaterMs) : long.MinValue;

    /// <summary>Of a replica listener, whom the next link goes to; null for a master listener.</summary>
    public ReplicaTarget? Choose()
    {
        ReplicaTarget? best = null;
        foreach (ReplicaTarget target in View.Targets)
        {
            best = best is null || target.LoadWithOneMore < best.LoadWithOneMore ? target : best;
        }

        return best;
    }

    /// <summary>Reports that something is wrong with the master. Sessions that report in the same turn of the loop count as one.</summary>
    public long Suspect(SuspicionReason reason)
    {
        if (_suspicionTurn != loop.Turn)
        {
            _suspicionTurn = loop.Turn;
            _suspicion = suspect(reason);
        }

        return _suspicion;
    }

    /// <summary>A fault in a session, for the log.</summary>
    public void Report(Exception error) => onSessionFault(error);

    /// <param name="view">Takes the place of the last one.</param>
    /// <param name="heardAsOf">The lease's moment when the view was made; null without a lease.</param>
    public void Apply(TopologyView view, long? heardAsOf = null)
    {
        TopologyView before = View;
        bool isSuperseded = view.Generation != before.Generation;
        if (before.IsServing && (!view.IsServing || isSuperseded))
        {
            Lease.Doubt(heardAsOf);
        }

        if (before.IsBelieved && (isSuperseded || !view.IsBelieved))
        {
            ForEachUser(static user => user.TakeWhatCameInTime());
        }

        View = view;
        if (before.IsServing && !view.IsServing)
        {
            _shutSinceMs = loop.NowMs;
        }
        else if (!before.IsServing && view.IsServing)
        {
            _openedAtMs = loop.NowMs;
        }

        // Fenced first, all of them: nothing may reach the old master while some sessions already write to the new one.
        if (isSuperseded)
        {
            if (before.Generation > 0)
            {
                KeepPops();
            }

            ForEachUser(static user => user.FenceIfSuperseded());
        }

        ForEachUser(static user => user.OnGateChanged());
        OnApplied();
    }

    private void KeepPops()
    {
        _failedOverAtMs = loop.NowMs;
        KeepsPops = true;
        _popsDue ??= new LoopTimer(static gate => ((Gate)gate).ReleasePops(), this);
        loop.Timers.Disarm(_popsDue);
        loop.Timers.Arm(_popsDue, _failedOverAtMs + PopsLaterMs);
    }

    private void ReleasePops()
    {
        KeepsPops = false;
        ForEachUser(static user => user.OnGateChanged());
    }

    // Whoever is told may end, and so leave the set.
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
