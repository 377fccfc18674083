namespace RedisProxy.EventLoops;

/// <summary>What to do after a failed accept.</summary>
internal enum AcceptErrorTier
{
    /// <summary>The client or its network gave up between the handshake and the accept: continue with the next one.</summary>
    Client,

    /// <summary>Descriptors or memory are short: back off; clients stay in the backlog. Retrying at once would spin.</summary>
    Resources,

    /// <summary>The listening socket itself is unusable: stop, with an error.</summary>
    Fatal,
}

internal static class AcceptErrors
{
    /// <summary>From the error list of accept(2), which also asks to treat network errors of the new connection as transient.</summary>
    public static AcceptErrorTier TierOf(int errno) => errno switch
    {
        Errno.Interrupted or Errno.ConnectionAborted or Errno.ConnectionReset or Errno.Protocol or Errno.Perm or Errno.TimedOut
            or Errno.NetDown or Errno.NoProtocolOption or Errno.HostDown or Errno.NoNet or Errno.HostUnreachable
            or Errno.OperationNotSupported or Errno.NetUnreachable => AcceptErrorTier.Client,
        Errno.TooManyFiles or Errno.TooManyFilesInSystem or Errno.NoBuffers or Errno.NoMemory => AcceptErrorTier.Resources,
        _ => AcceptErrorTier.Fatal,
    };
}
