using RedisProxy.EventLoops;
using RedisProxy.Topology;

namespace RedisProxy.Sessions;

/// <summary>The connections of one identity that belong to no single session.</summary>
internal sealed class LinkGroup
{
    public List<SharedLink> Links { get; } = [];

    public List<SpareConnection> Kept { get; } = [];

    /// <summary>Sessions for which another one connects.</summary>
    public HashSet<ISessionParts> Waiting { get; } = [];

    /// <summary>The session that connects for all.</summary>
    public ISessionParts? Builder { get; set; }

    /// <summary>On the loop's clock: until then no link is added to those that there are.</summary>
    public long EnoughUntilMs { get; set; }

    /// <summary>On the loop's clock: until then it is taken for granted that the server answers nothing to this identity.</summary>
    public long LockedUntilMs { get; set; }

    public bool IsEmpty => Links.Count == 0 && Kept.Count == 0 && Waiting.Count == 0 && Builder is null;

    public void WakeWaiting()
    {
        ISessionParts[] woken = [.. Waiting];
        Waiting.Clear();
        foreach (ISessionParts session in woken)
        {
            session.WakeKeeper();
        }
    }

    /// <summary>Closes links without a lane.</summary>
    /// <param name="unusedBefore">Unless the last lane left later than this, on the loop's clock.</param>
    /// <param name="lastUnusedBefore">The same for the group's last link.</param>
    public void CloseUnused(long unusedBefore, long lastUnusedBefore)
    {
        for (int i = Links.Count - 1; i >= 0; i--)
        {
            SharedLink link = Links[i];
            if (link.Lanes == 0 && link.UnusedSinceMs < (Links.Count > 1 ? unusedBefore : lastUnusedBefore))
            {
                Links.RemoveAt(i);
                link.Close();
            }
        }
    }

    public void DropKept(Predicate<SpareConnection> isDropped)
    {
        foreach (SpareConnection spare in Kept.FindAll(isDropped))
        {
            spare.Socket.Close();
        }

        Kept.RemoveAll(isDropped);
    }
}

/// <summary>A connection without a session.</summary>
/// <param name="Socket">Nothing is owed on it.</param>
/// <param name="Generation">Of the topology under which it was opened.</param>
/// <param name="Target">Of a replica listener: the replica.</param>
/// <param name="Names">See <see cref="Identity.NamesKey"/>.</param>
/// <param name="SinceMs">On the loop's clock: when its session left it.</param>
internal sealed record SpareConnection(LoopSocket Socket, long Generation, ReplicaTarget? Target, string Names, long SinceMs)
{
    /// <summary>The server has neither closed it nor said anything on it.</summary>
    public bool IsQuiet => !Socket.IsPeerClosed && !Socket.IsReadable;
}
