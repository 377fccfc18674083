namespace RedisProxy.Sessions;

/// <summary>The session of a <see cref="Lane"/>.</summary>
internal interface ILaneOwner
{
    SessionCounters Counters { get; }

    /// <summary>The server broke the protocol: it is unknown whose reply the last bytes were.</summary>
    void OnLinkBroken();

    /// <summary>Regularly, while it has a link of its own: does it still need that?</summary>
    void ReviewDedicated();

    /// <summary>Now and then, while it has a share of a link: it does without if it has not used that since the last time.</summary>
    void LeaveIfUnused();

    /// <summary>Its replies are large, or its client does not read them: it needs a connection of its own for some time.</summary>
    void PreferDedicated();
}
