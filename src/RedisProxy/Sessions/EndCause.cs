namespace RedisProxy.Sessions;

/// <summary>Why a session ended. The first cause wins and is kept: what follows from it (a reset, an EOF) says nothing new.</summary>
internal enum EndCause : byte
{
    None,

    /// <summary>The client closed, and had all its replies.</summary>
    ClientClosed,

    /// <summary>The client closed while its requests were held; they were dropped.</summary>
    ClientGaveUp,

    /// <summary>The client closed, and what its backend owed it did not come for too long (<see cref="UnansweredClients"/>).</summary>
    Unanswered,

    /// <summary>The client's connection broke.</summary>
    ClientReset,

    /// <summary>The client said QUIT.</summary>
    Quit,

    /// <summary>The client sent what is no request.</summary>
    ClientProtocolError,

    /// <summary>The backend sent what is no reply, or a reply to nothing.</summary>
    BackendProtocolError,

    /// <summary>The backend was lost or superseded, and the session has state that cannot be replayed.</summary>
    Pinned,

    /// <summary>The backend was lost in the middle of a reply that was already being relayed.</summary>
    TornReply,

    /// <summary>The new backend refused the session's credentials or another part of its state.</summary>
    ReplayRefused,

    /// <summary>It had not authenticated in time, see <c>client.authenticationTimeout</c>.</summary>
    NotAuthenticated,

    /// <summary>
    /// A request of unknown outcome, and <c>replay.onUnknownOutcome</c> is <c>disconnect</c>; or a blocking one, and
    /// <c>replay.onUnknownBlocking</c> is.
    /// </summary>
    UnknownOutcome,

    /// <summary>
    /// A change of the connection's state was not executed, or perhaps it was and its backend was lost: what the client sends behind it
    /// could run in another database, or as another user. Or nobody can tell what a request has made of the connection.
    /// </summary>
    StateInDoubt,

    /// <summary>A request that reads was lost with its backend more than once. Perhaps it is the cause.</summary>
    LostAgain,

    /// <summary>An operator ended it.</summary>
    Killed,

    /// <summary>All buffers together had become too large, and this session held the most of them.</summary>
    MemoryShed,

    /// <summary>The proxy is stopping.</summary>
    Shutdown,

    /// <summary>A fault of this program; the log has it.</summary>
    InternalError,
}
