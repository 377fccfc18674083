namespace RedisProxy.Sessions;

/// <summary>What a client asked for with CLIENT MAINT_NOTIFICATIONS.</summary>
internal enum HandoffWish : byte
{
    /// <summary>No notifications.</summary>
    Off,

    /// <summary>To be told an IP address when it is to move. Also a client that did not say how.</summary>
    Address,

    /// <summary>To be told a host name, because it checks that of a certificate.</summary>
    Name,

    /// <summary>To be told nothing: it connects to where it was configured to.</summary>
    Nothing,
}
