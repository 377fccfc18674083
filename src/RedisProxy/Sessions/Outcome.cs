namespace RedisProxy.Sessions;

/// <summary>The fate of a request: forwarded, or answered by the proxy in its place in the pipeline.</summary>
internal enum Outcome : byte
{
    /// <summary>Forwarded; the backend's reply is relayed.</summary>
    Forward,

    /// <summary>Sent, but its backend was lost before it replied.</summary>
    Unknown,

    /// <summary>Certainly not executed, and will not be.</summary>
    NotExecuted,

    /// <summary>Not a request. The session ends after this error.</summary>
    ProtocolError,

    /// <summary>
    /// Answered with OK by the proxy: CLIENT CAPA, which would teach the client the master's own address; AUTH and QUIT of a client that
    /// authenticates to the proxy; and the MULTI of a transaction that is completed locally
    /// (<see cref="TransactionState.IsCompletedLocally"/>).
    /// </summary>
    Acknowledged,

    /// <summary>
    /// Answered with OK by the proxy, which keeps the name that the client gave to its connection: the server's connection is shared
    /// (<see cref="SharedNames"/>).
    /// </summary>
    Named,

    /// <summary>CLIENT GETNAME, for the same reason.</summary>
    NameOfClient,

    /// <summary>CLIENT MAINT_NOTIFICATIONS: OK in RESP3, an error in RESP2, which has no pushes (<see cref="HandoffRequests"/>).</summary>
    Handoffs,

    /// <summary>The same with words that it does not have.</summary>
    HandoffsMisspelt,

    /// <summary>The client has to authenticate first (<see cref="ClientAccess"/>).</summary>
    NotAuthenticated,

    /// <summary>The same for HELLO.</summary>
    HelloNotAuthenticated,

    /// <summary>AUTH, or HELLO with AUTH, with credentials that the listener does not accept.</summary>
    WrongPassword,

    /// <summary>It would end the proxy's authentication at the master, or let the client do so.</summary>
    EndsAuthentication,

    /// <summary>A command inside a transaction that is completed locally.</summary>
    Queued,

    /// <summary>
    /// The EXEC of such a transaction, when a WATCH was lost with a backend: nil, redis's answer when a watched key has changed.
    /// </summary>
    Conflict,

    /// <summary>The EXEC of such a transaction, when part of its queue is lost.</summary>
    Aborted,

    /// <summary>MULTI inside such a transaction.</summary>
    NestedMulti,

    /// <summary>WATCH inside such a transaction.</summary>
    WatchInMulti,

    /// <summary>WAIT for writes that went to a lost backend: no replica is known to have them.</summary>
    NoReplicas,

    /// <summary>The same for WAITAOF.</summary>
    NoReplicasAof,

    /// <summary>Executed, but too few replicas had it in time, see <c>listeners[].durable</c>.</summary>
    NotConfirmed,

    /// <summary>Rejected by the backend, which acknowledged a later write of the same pipeline, so it cannot be moved past that.</summary>
    RejectedReadOnly,
    RejectedLoading,
    RejectedMasterDown,
    RejectedUnblocked,
    RejectedRedirect,
    RejectedNoReplicas,
}
