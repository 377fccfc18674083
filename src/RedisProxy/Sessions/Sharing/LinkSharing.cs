using System.Diagnostics;

using RedisProxy.EventLoops;
using RedisProxy.Resp;
using RedisProxy.Topology;

namespace RedisProxy.Sessions;

/// <summary>
/// How one session uses the links that it may share: which kind it needs, and when it changes over. It changes only when nothing is in
/// flight, so that order is kept; what it was answered on one link has happened before anything is sent on the next.
/// </summary>
/// <param name="session">Of a shared listener.</param>
/// <param name="links">Of its listener on its loop.</param>
internal sealed class LinkSharing(Conversation session, SharedLinks links) : ILaneOwner
{
    // How long a session with large requests or replies, or whose client does not read or is far ahead, stays on a connection of its own.
    private const long PreferMs = 10_000;

    private LinkIdentity? _building;
    private DedicatedReason _reason;

    // On the loop's clock.
    private long _prefersDedicatedUntilMs = long.MinValue;

    /// <summary>A mutable struct: it lives here and is used in place.</summary>
    public EarlierWrites Writes = new();

    public SharedLinks Links => links;

    public SessionCounters Counters => session.Counters;

    /// <summary>It needs no link now.</summary>
    public bool NeedsNone => LinkNeed.IsNoneFor(session);

    /// <summary>What it needs now, when nothing is in flight.</summary>
    private LinkNeed Need => LinkNeed.Of(session, links, Preferred);

    private DedicatedReason Preferred =>
        Writes.AreUnmarkable ? DedicatedReason.Wait
        : _prefersDedicatedUntilMs > session.Loop.NowMs ? DedicatedReason.LargeReplies
        : DedicatedReason.None;

    /// <summary>Why its link is its own; none: it has no such link.</summary>
    public DedicatedReason Reason => session.Link is { IsShared: false } ? _reason : DedicatedReason.None;

    /// <summary>Of its link.</summary>
    public LinkKind Kind => session.Link is not { } link ? LinkKind.None : link.IsShared ? LinkKind.Shared : LinkKind.Dedicated;

    /// <summary>Joins a link, or becomes the one that connects for all who need the same.</summary>
    /// <returns>False: nothing more is to be done now.</returns>
    public bool MayConnect()
    {
        LinkNeed need = Need;
        if (TryJoin(need) || (need.Identity is { } identity && !links.TryBuild(identity, session)))
        {
            return false;
        }

        _building = need.Identity;
        _reason = need.Reason;
        return true;
    }

    /// <summary>Joins a link if that is what the session needs, and there is one.</summary>
    private bool TryJoin(in LinkNeed need)
    {
        if (need.Identity is not { } identity || links.Choose(identity) is not { } link)
        {
            return false;
        }

        session.Attach(new Lane(links, link, this, session.Pipeline.Memory) { Expected = need.Change });
        return true;
    }

    /// <summary>
    /// Is it still to connect, as was agreed in <see cref="MayConnect"/>? If another session has made the link meanwhile, it joins that.
    /// </summary>
    /// <param name="need">What the session needs.</param>
    public bool MayBegin(out LinkNeed need)
    {
        need = Need;
        return !TryJoin(need) && need.Identity == _building;
    }

    /// <summary>The session has connected for all of its identity; it has the first share.</summary>
    public Lane Share(LoopSocket socket, LinkIdentity identity, long generation, ReplicaTarget? target) =>
        new(links, links.Add(socket, identity, generation, target), this, session.Pipeline.Memory);

    /// <inheritdoc cref="SharedLinks.Suspicion"/>
    public long Suspicion => links.Suspicion;

    /// <summary>Reports suspicion of the master, unless the session only tried to add a link to one that works.</summary>
    /// <param name="reason">What happened.</param>
    /// <param name="before">The session's suspicion so far.</param>
    /// <returns>Its suspicion from now on.</returns>
    public long Suspect(SuspicionReason reason, long before)
    {
        if (_building is not null && links.Has(_building))
        {
            links.OnNoMore(_building);
            return before;
        }

        long suspicion = session.Gate.Suspect(reason);
        if (_building is not null)
        {
            // None of its identity tries again before the master was checked.
            links.Suspicion = suspicion;
        }

        return suspicion;
    }

    /// <summary>An attempt is over, or none is made.</summary>
    public void EndBuilding()
    {
        if (_building is { } identity)
        {
            _building = null;
            links.EndBuilding(identity, session);
        }
    }

    /// <summary>The session has a link now.</summary>
    public void OnAttached(BackendLink link)
    {
        if (!link.IsShared)
        {
            // What it was needed for may be over by now.
            _reason = Need is { IsDedicated: true } need ? need.Reason : _reason;
            Counters.Dedicated[(int)_reason]++;
            KeepIfLarge();
            links.OnDedicated(this);
        }
    }

    /// <summary>The session has no link any more.</summary>
    public void OnDetached() => links.OnNoLongerDedicated(this);

    /// <summary>Replies went to the client, so that more may be possible now.</summary>
    public void AfterReplies()
    {
        if (session.IsEnded || session.Link is not { } link)
        {
            session.WakeKeeper();
        }
        else if (link.InFlight.IsEmpty && (!session.Pipeline.Waiting.IsEmpty || link.IsLeaving || IsBrief(link)))
        {
            Review();
            session.WakeRequests();
        }
    }

    /// <summary>Regularly, while the session has a link of its own.</summary>
    public void ReviewDedicated()
    {
        KeepIfLarge();
        if (session.Link is not DedicatedLink link || link.WasNeeded() || !MayLeave(link))
        {
            return;
        }

        bool waits = !link.InFlight.IsEmpty && !IsShareable(link.InFlight.Oldest.Traits);
        link.IsLeaving = !waits;
        if (link.InFlight.IsEmpty)
        {
            Review();
            session.WakeRequests();
        }
    }

    public void LeaveIfUnused()
    {
        if (session.Link is not Lane lane)
        {
            return;
        }

        bool wasUsed = lane.Common != BackendLink.AllFlags;
        lane.Common = BackendLink.AllFlags;
        if (!wasUsed && NeedsNone && IsAtRest(lane))
        {
            Leave(lane);
            lane.Close();
        }
    }

    /// <summary>Exchanges the link for another one if what waits cannot go on it.</summary>
    /// <returns>True: something has changed.</returns>
    public bool Review()
    {
        if (session.Link is not { } link || !IsAtRest(link) || session.IsEnded)
        {
            return false;
        }

        LinkNeed need = Need;
        return link is Lane lane ? ReviewLane(lane, need) : ReviewOwn((DedicatedLink)link, need);
    }

    public void OnLinkBroken() => session.End(EndCause.BackendProtocolError, abort: true);

    public void PreferDedicated()
    {
        _prefersDedicatedUntilMs = session.Loop.NowMs + PreferMs;
        if (session.Link is Lane lane)
        {
            lane.IsLeaving = true;
            TakenBack.Unsent(session, lane, begunToo: false);
            session.WakeRequests();
        }
    }

    // Who writes large values reads them, too.
    private void KeepIfLarge()
    {
        RequestQueue queue = session.Pipeline.OldestQueue;
        if (!queue.IsEmpty && (queue.Oldest.IsOpen || queue.Oldest.End - queue.Oldest.Start > ShareableRequests.MaxBytes))
        {
            PreferDedicated();
        }
    }

    private bool ReviewLane(Lane lane, in LinkNeed need)
    {
        if (need.IsDedicated || Preferred != DedicatedReason.None || (need.Identity is { } identity && identity != lane.Identity)
            || LinkIdentity.Of(session.State) != lane.Identity && need.Change is null)
        {
            Leave(lane);
            lane.Close();
            return true;
        }

        bool isNew = lane.IsLeaving || lane.Expected != need.Change;
        lane.Expected = need.Change;
        lane.IsLeaving = false;
        return isNew;
    }

    private bool ReviewOwn(DedicatedLink link, in LinkNeed need)
    {
        bool isDue = link.IsLeaving || IsBrief(link);
        if (need.IsDedicated || !isDue || !MayLeave(link))
        {
            bool wasLeaving = link.IsLeaving;
            link.IsLeaving = false;
            return wasLeaving;
        }

        Return(link);
        Leave(link);
        return true;
    }

    // The reply pump may still wait for it, or be about to run; another reader may wait only after that.
    private void Return(DedicatedLink link)
    {
        LinkIdentity identity = LinkIdentity.Of(session.State);
        link.WakeReader();
        session.Loop.Defer(_ => links.Return(link, identity), null);
    }

    /// <summary>The session leaves its link, at which it may have written.</summary>
    public void LeaveWrites()
    {
        if (session.Link is { HasWritten: true } link)
        {
            session.HasWrittenBefore = false;
            Writes.Add(link.Generation);
        }
    }

    private void Leave(BackendLink link)
    {
        Debug.Assert(link.InFlight.IsEmpty, "its replies would be lost");
        LeaveWrites();

        // What has waited for its turn waits for a link from now on.
        session.Pipeline.Waiting.BeginWaits(session.Loop.NowMs);
        session.Detach();
    }

    private bool IsAtRest(BackendLink link) =>
        link is { InFlight.IsEmpty: true, IsRaw: false, IsMidReply: false, IsRejecting: false } && !session.HasUnreadReplies;

    // Its state is such that a shared link would do, and nothing unknown was said on it.
    private bool MayLeave(DedicatedLink link) => !link.HasUnknown && !link.IsRaw && LinkNeed.ReasonIn(session.State) == DedicatedReason.None
        && Preferred == DedicatedReason.None;

    // Authentication and the like are over with their reply; a pop or a transaction is often followed by another one.
    private bool IsBrief(BackendLink link) => !link.IsShared
        && _reason is DedicatedReason.Authentication or DedicatedReason.Database or DedicatedReason.OwnConnection;

    private static bool IsShareable(CommandTraits traits) => (traits.Flags & CommandFlags.Shareable) != 0;
}
