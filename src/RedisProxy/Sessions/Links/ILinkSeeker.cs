namespace RedisProxy.Sessions;

/// <summary>Waits in the queue for a connection to a backend.</summary>
internal interface ILinkSeeker
{
    /// <summary>It no longer wants one.</summary>
    bool IsEnded { get; }

    /// <summary>A client waits for something, so it goes first.</summary>
    bool IsUrgent { get; }

    /// <summary>It may connect now.</summary>
    void OnPermit();
}
