using RedisProxy.EventLoops;
using RedisProxy.Topology;

namespace RedisProxy.Sessions;

/// <summary>
/// Moves sessions of one loop from the replica most above its share to the others, a few at a time, and only idle ones that lose nothing
/// by it. Clients keep their connections for weeks: without this, a replica that comes back would stay idle.
/// </summary>
internal sealed class Rebalancer
{
    private const int IntervalMs = 1000;

    // Loops do not coordinate: each moves a part, and checks again.
    private const int PartOfExcess = 4;
    private const int MaxMoves = 100;

    // An excess of one is no reason.
    private const double MinExcess = 2;

    private readonly Gate _gate;
    private readonly LoopTimer _timer;

    public Rebalancer(Gate gate)
    {
        _gate = gate;
        _timer = new LoopTimer(static rebalancer => ((Rebalancer)rebalancer).OnDue(), this);
    }

    /// <summary>Called after each view. With one server there is nothing to do.</summary>
    public void ArmIfSeveral()
    {
        if (_gate.View.Targets.Count > 1 && !_timer.IsArmed)
        {
            _gate.Loop.Timers.Arm(_timer, _gate.Loop.NowMs + IntervalMs);
        }
    }

    /// <summary>The replica most above its share, and its excess.</summary>
    public static (ReplicaTarget? Target, double Excess) FindFullest(IReadOnlyList<ReplicaTarget> targets)
    {
        double shares = targets.Sum(target => target.Share);
        int sessions = targets.Sum(target => target.Sessions);
        ReplicaTarget? fullest = targets.MaxBy(Excess);
        return (fullest, fullest is null ? 0 : Excess(fullest));

        double Excess(ReplicaTarget target) => target.Sessions - (shares > 0 ? sessions * target.Share / shares : target.Sessions);
    }

    private void OnDue()
    {
        IReadOnlyList<ReplicaTarget> targets = _gate.View.Targets;
        if (targets.Count < 2)
        {
            return;
        }

        ArmIfSeveral();
        (ReplicaTarget? fullest, double excess) = FindFullest(targets);
        int moves = excess < MinExcess ? 0 : Math.Clamp((int)excess / PartOfExcess, 1, MaxMoves);
        if (moves == 0)
        {
            return;
        }

        // Collected first: moving a session may remove it from the set.
        foreach (Session session in _gate.Sessions.Where(one => one.Link?.Target == fullest && MovesUnnoticed(one)).Take(moves).ToArray())
        {
            session.Keeper.GiveUpLink(session.Link!);
        }
    }

    private static bool MovesUnnoticed(Session session) => session.IsQuiescent && !session.IsEnded
        && session.State is { Pin: PinReason.None, IsSubscribed: false, IsTracking: false }
        && session.State.Transaction is { IsOpen: false, IsWatching: false };
}
