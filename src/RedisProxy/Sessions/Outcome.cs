namespace RedisProxy.Sessions;

/// <summary>What becomes of a request: it is passed on, or answered by the proxy in its place in the pipeline.</summary>
internal enum Outcome : byte
{
    /// <summary>It is passed on and the backend's reply is relayed.</summary>
    Forward,

    /// <summary>It was sent, and its backend was lost before it replied.</summary>
    Unknown,

    /// <summary>It surely was not executed, and will not be any more.</summary>
    NotExecuted,

    /// <summary>It is no request. The session ends after this error.</summary>
    ProtocolError,

    /// <summary>Answered with OK by the proxy: only CLIENT CAPA, which would teach the client the master's own address.</summary>
    Acknowledged,

    /// <summary>The backend rejected it, but acknowledged a later write of the same pipeline, so it cannot be moved past that.</summary>
    RejectedReadOnly,
    RejectedLoading,
    RejectedMasterDown,
    RejectedUnblocked,
    RejectedRedirect,
}
