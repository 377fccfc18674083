namespace RedisProxy.Sessions;

/// <summary>
/// What a session has written on links that it has left. WAIT speaks of what its own connection has written, so on the next link it needs a
/// mark first (<see cref="WriteMark"/>), or says nothing of these.
/// </summary>
internal struct EarlierWrites()
{
    private const long Never = -1;

    // Of the link of the last one.
    private long _generation = Never;

    /// <summary>The server refused the mark, so WAIT is exact only on a connection that everything is written on.</summary>
    public bool AreUnmarkable { get; private set; }

    /// <summary>The session leaves a link on which it has written.</summary>
    public void Add(long generation) => _generation = generation;

    /// <param name="need">For which a new link is made.</param>
    /// <param name="generation">Of that link.</param>
    public readonly bool NeedMark(in LinkNeed need, long generation) => need.Reason == DedicatedReason.Wait && _generation == generation;

    /// <summary>May a new link's replicas lack them, without WAIT showing it?</summary>
    /// <param name="need">For which it was made.</param>
    /// <param name="generation">Of the link.</param>
    /// <param name="isMarked">The mark was set, if it needed one.</param>
    public bool AreUncounted(in LinkNeed need, long generation, bool isMarked)
    {
        bool needMark = NeedMark(need, generation);
        AreUnmarkable |= needMark && !isMarked;
        return _generation != Never && !(needMark && isMarked);
    }
}
