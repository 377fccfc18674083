namespace RedisProxy.Sessions;

/// <summary>
/// What a session has written on links that it has left. WAIT speaks of what its own connection has written, so on the next link it needs a
/// mark first (<see cref="WriteMark"/>), or says nothing of these.
/// </summary>
internal struct EarlierWrites()
{
    private const long Never = -1;

    // The generation of no link.
    private const long Elsewhere = 0;

    // Of the link of the last one.
    private long _generation = Never;

    /// <summary>The server refused the mark, so WAIT is exact only on a connection that everything is written on.</summary>
    public bool AreUnmarkable { get; private set; }

    /// <summary>The session leaves a link on which it has written.</summary>
    public void Add(long generation) => _generation = generation;

    /// <summary>Writes it, or reads it.</summary>
    /// <param name="codec">In the direction.</param>
    /// <param name="generation">Of the master, if it is the same one for both processes; otherwise that of no link.</param>
    public void Carry(StateCodec codec, long generation)
    {
        bool isAny = codec.Bool(_generation != Never);
        bool isThere = codec.Bool(_generation == generation);
        AreUnmarkable = codec.Bool(AreUnmarkable);
        if (codec.IsReading)
        {
            _generation = !isAny ? Never : isThere ? generation : Elsewhere;
        }
    }

    /// <summary>Has the server of a new link executed them, so that a mark makes WAIT speak of them?</summary>
    /// <param name="generation">Of that link.</param>
    public readonly bool NeedMark(long generation) => _generation == generation;

    /// <summary>
    /// A new link was made. May its replicas lack them, without WAIT showing it? Remembers it if WAIT has to do without a mark.
    /// </summary>
    /// <param name="need">For which it was made.</param>
    /// <param name="generation">Of the link.</param>
    /// <param name="isMarked">The mark was set, if it needed one.</param>
    public bool AreUncounted(in LinkNeed need, long generation, bool isMarked)
    {
        bool isCounted = NeedMark(generation) && isMarked;
        AreUnmarkable |= NeedMark(generation) && !isMarked && need.Reason == DedicatedReason.Wait;
        return _generation != Never && !isCounted;
    }
}
