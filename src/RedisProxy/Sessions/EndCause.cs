namespace RedisProxy.Sessions;

/// <summary>Why a session ended. The first cause is kept: later ones (a reset, an EOF) are mere consequences.</summary>
internal enum EndCause : byte
{
    None,

    /// <summary>The client closed after receiving all its replies.</summary>
    ClientClosed,

    /// <summary>The client closed while its requests were held; they were discarded.</summary>
    ClientGaveUp,

    /// <summary>The client closed, and its backend owed it a reply for too long (<see cref="UnansweredClients"/>).</summary>
    Unanswered,

    /// <summary>The client's connection broke.</summary>
    ClientReset,

    /// <summary>The client sent QUIT.</summary>
    Quit,

    /// <summary>The client sent something that is not a request.</summary>
    ClientProtocolError,

    /// <summary>The backend sent something that is not a reply, or a reply without a request.</summary>
    BackendProtocolError,

    /// <summary>The backend was lost or superseded, and the session has state that cannot be replayed.</summary>
    Pinned,

    /// <summary>The backend was lost in the middle of a reply that had been relayed in part.</summary>
    TornReply,

    /// <summary>The new backend refused the session's credentials or another part of its state.</summary>
    ReplayRefused,

    /// <summary>It did not authenticate in time, see <c>client.authenticationTimeout</c>.</summary>
    NotAuthenticated,

    /// <summary>
    /// A request of unknown outcome while <c>replay.onUnknownOutcome</c> is <c>disconnect</c>; or a blocking one while
    /// <c>replay.onUnknownBlocking</c> is.
    /// </summary>
    UnknownOutcome,

    /// <summary>Too few replicas had a write in time while <c>durable.onTimeout</c> is <c>disconnect</c>.</summary>
    NotConfirmed,

    /// <summary>
    /// A change of the connection's state was not executed, or its outcome is unknown because the backend was lost: later requests could
    /// run in another database, or as another user. Or a request left the connection in a state that cannot be determined.
    /// </summary>
    StateInDoubt,

    /// <summary>A read was lost with its backend more than once, and may be the cause.</summary>
    LostAgain,

    /// <summary>An operator ended it.</summary>
    Killed,

    /// <summary>All buffers together were too large, and this session held the most.</summary>
    MemoryShed,

    /// <summary>It goes on in the process that takes over from this one.</summary>
    HandedOver,

    /// <summary>The proxy is stopping.</summary>
    Shutdown,

    /// <summary>A bug in this program; see the log.</summary>
    InternalError,
}
