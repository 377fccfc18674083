namespace RedisProxy.Sessions;

/// <summary>What a process says to a session that was passed to it. Its number is sent back.</summary>
internal enum Adoption : byte
{
    /// <summary>The session runs here.</summary>
    Adopted,

    /// <summary>It was not touched, and never will be: it is not understood, or there is no room for it.</summary>
    Refused,

    /// <summary>It was not touched, but may be another time: this process does not know the master yet, or it is being replaced.</summary>
    NotNow,
}
