using RedisProxy.EventLoops;
using RedisProxy.Topology;

namespace RedisProxy.Sessions;

/// <summary>
/// The shared links of one listener on one loop, by identity, and connections that sessions had of their own and that are kept for the
/// next one. The first session of an identity connects, as every session of another listener does; the others wait for it. Only the
/// loop's thread touches it.
/// </summary>
internal sealed class SharedLinks : IGateLinks
{
    /// <summary>How long a connection without a session is kept.</summary>
    private const long KeepMs = 10_000;

    // The last link of an identity, so that the next request need not wait for one.
    private const long KeepLastMs = 60_000;

    private const long SweepMs = 100;

    // A lane that is not used for one to two of these is given up. An idle session has none.
    private const long LaneSweepMs = 5_000;

    // More are closed instead of kept.
    private const int MaxKept = 100;

    // A link with more lanes than this is worth another one.
    private const int LanesForAnother = 8;

    private readonly Gate _gate;
    private readonly int _most;
    private readonly Dictionary<LinkIdentity, LinkGroup> _groups = [];
    private readonly HashSet<ILaneOwner> _dedicated = [];
    private readonly LoopTimer _sweep;
    private long _lanesSweptAtMs;

    /// <param name="gate">Of the listener on its loop.</param>
    /// <param name="most">Links of one identity.</param>
    public SharedLinks(Gate gate, int most)
    {
        _gate = gate;
        _most = most;
        _sweep = new LoopTimer(static links => ((SharedLinks)links).Sweep(), this);
        gate.Links.Add(this);
    }

    public EventLoop Loop => _gate.Loop;

    /// <summary>A connection failed for the sake of all: none of them tries again before the master was checked.</summary>
    public long Suspicion { get; set; }

    public int Kept => _groups.Values.Sum(static group => group.Kept.Count);

    public IEnumerable<SharedLink> All => _groups.Values.SelectMany(static group => group.Links);

    public bool Has(LinkIdentity identity) => _groups.TryGetValue(identity, out LinkGroup? group) && group.Links.Exists(IsUsable);

    /// <summary>The server answers nothing to this identity, so that its clients have to authenticate first.</summary>
    public bool NeedsAuthentication(LinkIdentity identity) =>
        _groups.TryGetValue(identity, out LinkGroup? group) && group.LockedUntilMs > Loop.NowMs;

    public void OnNeedsAuthentication(LinkIdentity identity) => GroupOf(identity).LockedUntilMs = Loop.NowMs + KeepMs;

    /// <summary>The server refused another connection beside those that there are.</summary>
    public void OnNoMore(LinkIdentity identity) => GroupOf(identity).EnoughUntilMs = Loop.NowMs + KeepMs;

    /// <summary>A link to join; null: there is none, or another one is worth its connection.</summary>
    public SharedLink? Choose(LinkIdentity identity)
    {
        if (!_groups.TryGetValue(identity, out LinkGroup? group))
        {
            return null;
        }

        ReplicaTarget? target = _gate.Choose();
        SharedLink? best = null;
        int count = 0;
        foreach (SharedLink link in group.Links)
        {
            if (IsUsable(link) && (target is null || link.Target == target))
            {
                count++;
                best = best is null || link.Lanes < best.Lanes ? link : best;
            }
        }

        bool isAnotherWorthIt = best is { Lanes: >= LanesForAnother } && count < _most && group.Builder is null
            && group.EnoughUntilMs <= Loop.NowMs;
        return isAnotherWorthIt ? null : best;
    }

    /// <summary>Of the links that may stand in for this one, the one that owes least.</summary>
    public SharedLink LeastBusy(SharedLink link)
    {
        if (_most == 1 || link.Owed == 0)
        {
            return link;
        }

        SharedLink best = link;
        foreach (SharedLink other in _groups[link.Identity].Links)
        {
            best = other.Owed < best.Owed && IsUsable(other) && other.Target == link.Target ? other : best;
        }

        return best;
    }

    /// <summary>May this session connect for its identity? If not, another one does, and it is woken when that is over.</summary>
    public bool TryBuild(LinkIdentity identity, ISessionParts session)
    {
        LinkGroup group = GroupOf(identity);
        if (group.Builder is null || group.Builder == session)
        {
            group.Builder = session;
            return true;
        }

        group.Waiting.Add(session);
        return false;
    }

    /// <summary>It has connected, or given up.</summary>
    public void EndBuilding(LinkIdentity identity, ISessionParts session)
    {
        if (_groups.TryGetValue(identity, out LinkGroup? group) && group.Builder == session)
        {
            group.Builder = null;
            group.WakeWaiting();
        }
    }

    /// <summary>Adds a link over a connection on which only the identity was said.</summary>
    public SharedLink Add(LoopSocket socket, LinkIdentity identity, long generation, ReplicaTarget? target)
    {
        var link = new SharedLink(socket, _gate, identity, generation, target) { OnEnded = OnLinkEnded };
        LinkGroup group = GroupOf(identity);
        group.Links.Add(link);
        link.Start();
        group.WakeWaiting();
        ArmSweep();
        return link;
    }

    /// <summary>The session has a link of its own from now on, and is asked regularly whether it still needs it.</summary>
    public void OnDedicated(ILaneOwner session)
    {
        _dedicated.Add(session);
        ArmSweep();
    }

    public void OnNoLongerDedicated(ILaneOwner session) => _dedicated.Remove(session);

    /// <summary>Sessions that have a link of their own.</summary>
    public int Dedicated => _dedicated.Count;

    /// <summary>Keeps a connection that its session no longer needs, or makes it a shared one.</summary>
    /// <param name="link">Nothing is owed on it.</param>
    /// <param name="identity">Of its connection.</param>
    public void Return(DedicatedLink link, LinkIdentity identity)
    {
        LinkGroup group = GroupOf(identity);
        if (!link.IsClean || !_gate.View.IsCurrent(link.Generation) || link.Socket.IsPeerClosed || link.IsReadable)
        {
            link.Close();
        }
        else if (link.Names.Length == 0 && group.Links.Count == 0 && group.Builder is null && !NeedsAuthentication(identity))
        {
            Add(link.Socket, identity, link.Generation, link.Target);
        }
        else if (group.Kept.Count >= MaxKept)
        {
            link.Close();
        }
        else
        {
            group.Kept.Add(new SpareConnection(link.Socket, link.Generation, link.Target, link.Names, Loop.NowMs));
            ArmSweep();
        }
    }

    /// <summary>A kept connection for a session of this identity and these names.</summary>
    public SpareConnection? TakeKept(LinkIdentity identity, string names)
    {
        if (!_groups.TryGetValue(identity, out LinkGroup? group))
        {
            return null;
        }

        ReplicaTarget? target = _gate.Choose();
        for (int i = group.Kept.Count - 1; i >= 0; i--)
        {
            SpareConnection spare = group.Kept[i];
            if (spare.Names == names && spare.Target == target && _gate.View.IsCurrent(spare.Generation) && spare.IsQuiet)
            {
                group.Kept.RemoveAt(i);
                return spare;
            }
        }

        return null;
    }

    public void TakeArrived()
    {
        foreach (SharedLink link in All.ToArray())
        {
            link.TakeArrived();
        }
    }

    public void FenceIfSuperseded()
    {
        foreach (LinkGroup group in _groups.Values)
        {
            foreach (SharedLink link in group.Links.Where(link => !_gate.View.IsCurrent(link.Generation)).ToArray())
            {
                group.Links.Remove(link);
                link.Close(abort: true);
            }

            group.DropKept(spare => !_gate.View.IsCurrent(spare.Generation));
        }
    }

    public void WakeWaiting()
    {
        foreach (LinkGroup group in _groups.Values)
        {
            group.WakeWaiting();
        }
    }

    private void LeaveUnused()
    {
        foreach (SharedLink link in All)
        {
            link.LeaveUnused();
        }
    }

    private bool IsUsable(SharedLink link) => link.IsUsable && _gate.View.IsCurrent(link.Generation);

    private void OnLinkEnded(SharedLink link)
    {
        if (_groups.TryGetValue(link.Identity, out LinkGroup? group))
        {
            group.Links.Remove(link);
        }
    }

    private LinkGroup GroupOf(LinkIdentity identity)
    {
        if (!_groups.TryGetValue(identity, out LinkGroup? group))
        {
            group = new LinkGroup();
            _groups.Add(identity, group);
        }

        return group;
    }

    private void ArmSweep()
    {
        if (!_sweep.IsArmed)
        {
            Loop.Timers.Arm(_sweep, Loop.NowMs + SweepMs);
        }
    }

    private void Sweep()
    {
        foreach (ILaneOwner session in _dedicated.ToArray())
        {
            session.ReviewDedicated();
        }

        if (Loop.NowMs - _lanesSweptAtMs >= LaneSweepMs)
        {
            _lanesSweptAtMs = Loop.NowMs;
            LeaveUnused();
        }

        long unusedBefore = Loop.NowMs - KeepMs;
        foreach ((LinkIdentity identity, LinkGroup group) in _groups.ToArray())
        {
            group.CloseUnused(unusedBefore, lastUnusedBefore: Loop.NowMs - KeepLastMs);
            group.DropKept(spare => spare.SinceMs < unusedBefore || !spare.IsQuiet);
            if (group.IsEmpty && group.LockedUntilMs <= Loop.NowMs)
            {
                _groups.Remove(identity);
            }
        }

        if (_groups.Count > 0 || _dedicated.Count > 0)
        {
            ArmSweep();
        }
    }
}
