namespace RedisProxy.Sessions;

/// <summary>Whoever stands in line for a connection to a backend.</summary>
internal interface ILinkSeeker
{
    /// <summary>It does not want one any more.</summary>
    bool IsEnded { get; }

    /// <summary>A client waits for something, so it goes first.</summary>
    bool IsUrgent { get; }

    /// <summary>It is its turn.</summary>
    void OnPermit();
}
