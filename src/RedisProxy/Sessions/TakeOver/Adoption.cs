namespace RedisProxy.Sessions;

/// <summary>What a process says to a session that was passed to it. Its number is sent back.</summary>
internal enum Adoption : byte
{
    /// <summary>The session runs here.</summary>
    Adopted,

    /// <summary>It was not touched, and never will be: it is not understood, or there has been no room for it for too long.</summary>
    Refused,

    /// <summary>
    /// It was not touched, but may be another time: this process does not know the master yet, or is being replaced, or has no room now.
    /// </summary>
    NotNow,
}
