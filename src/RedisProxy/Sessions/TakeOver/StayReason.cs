namespace RedisProxy.Sessions;

/// <summary>Why a session does not go to the process that takes over. The numbers are part of what processes tell each other.</summary>
internal enum StayReason : byte
{
    /// <summary>It could have gone, but this process gives no more.</summary>
    Late,

    /// <summary>The other process did not want it; its log says why.</summary>
    Refused,

    /// <summary>The keys of its connections are in this process.</summary>
    Tls,

    /// <summary>Its replies are relayed unread: MONITOR, SYNC.</summary>
    Unframed,

    /// <summary>It is about to end.</summary>
    Ending,

    /// <summary>It has more requests without a reply than can be carried.</summary>
    TooLarge,

    /// <summary>It was never between two steps: its client does not read, or it is connecting.</summary>
    Busy,
}
