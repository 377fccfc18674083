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

    /// <summary>
    /// Answered with OK by the proxy: CLIENT CAPA, which would teach the client the master's own address, AUTH and QUIT of a client that
    /// authenticates to the proxy, and the MULTI of a transaction that the proxy plays to its end
    /// (<see cref="TransactionState.IsCompletedLocally"/>).
    /// </summary>
    Acknowledged,

    /// <summary>The client has to authenticate first (<see cref="ClientAccess"/>).</summary>
    NotAuthenticated,

    /// <summary>HELLO, likewise.</summary>
    HelloNotAuthenticated,

    /// <summary>AUTH, or HELLO with AUTH, of nobody who may use the listener.</summary>
    WrongPassword,

    /// <summary>It would end what the proxy has authenticated at the master, or let the client end it.</summary>
    EndsAuthentication,

    /// <summary>A command inside a transaction that is played here.</summary>
    Queued,

    /// <summary>
    /// The EXEC of such a transaction, because a WATCH went with a lost backend: nil, as redis answers when a watched key was changed.
    /// </summary>
    Conflict,

    /// <summary>Its EXEC, because a part of the queue is gone.</summary>
    Aborted,

    /// <summary>MULTI inside it.</summary>
    NestedMulti,

    /// <summary>WATCH inside it.</summary>
    WatchInMulti,

    /// <summary>WAIT for writes that went to a lost backend: nobody knows of a replica that has them.</summary>
    NoReplicas,

    /// <summary>WAITAOF, likewise.</summary>
    NoReplicasAof,

    /// <summary>The backend rejected it, but acknowledged a later write of the same pipeline, so it cannot be moved past that.</summary>
    RejectedReadOnly,
    RejectedLoading,
    RejectedMasterDown,
    RejectedUnblocked,
    RejectedRedirect,
    RejectedNoReplicas,
}
