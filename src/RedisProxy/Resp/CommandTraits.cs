namespace RedisProxy.Resp;

/// <summary>
/// What the proxy needs to know about a command. The default value stands for commands that are not in the table: a write, which means a
/// command that is never sent twice.
/// </summary>
/// <param name="Kind">Commands that change a connection have a kind of their own, all others <see cref="CommandKind.Plain"/>.</param>
/// <param name="Flags">See <see cref="CommandFlags"/>.</param>
internal readonly record struct CommandTraits(CommandKind Kind, CommandFlags Flags)
{
    /// <summary>Sending it twice is harmless: it reads, or touches only the connection it was sent on, which is gone.</summary>
    public bool IsResendable => (Flags & CommandFlags.Resendable) != 0;

    public bool IsBlocking => (Flags & CommandFlags.Blocking) != 0;

    /// <summary>It may wait for an element, and removes it. (XREAD removes nothing, and WAIT does not wait for elements.)</summary>
    public bool IsPop => this is { Kind: CommandKind.Plain, IsBlocking: true, IsResendable: false };

    /// <summary>It is sent when nothing is owed on its connection.</summary>
    public bool GoesAlone => (Flags & CommandFlags.Alone) != 0;

    /// <summary>
    /// Not a request: a browser was tricked into connecting to this port. As in redis, the connection is closed without a reply
    /// (<see cref="ProtocolError.CrossProtocol"/>).
    /// </summary>
    public bool IsCrossProtocol => Kind == CommandKind.CrossProtocol;

    /// <summary>The whole request has to be inspected before it is sent.</summary>
    public bool NeedsInspection => Kind != CommandKind.Plain;
}

[Flags]
internal enum CommandFlags : byte
{
    None = 0,

    /// <summary>May be sent again if its backend was lost before it replied.</summary>
    Resendable = 1,

    /// <summary>May wait for other clients. The client's FIN must reach the server at once, or it pops for a client that left.</summary>
    Blocking = 2,

    /// <summary>
    /// Runs other commands. An error code such as READONLY in its reply may come from one of those, so it does not prove that
    /// nothing was executed.
    /// </summary>
    Nested = 4,

    /// <summary>
    /// May share its connection with requests of other clients: it is answered at once, and neither depends on what was said on the
    /// connection, other than user, protocol and database, nor changes it.
    /// </summary>
    Shareable = 8,

    /// <summary>Once it has been answered, the connection can serve another client of the same user, protocol and database.</summary>
    LeavesNothing = 16,

    /// <summary>
    /// It contains credentials. Redis from 7.2 on, and Valkey before 9, reply nothing to wrong ones while earlier replies are still to be
    /// written (redis source, addAuthErrReply), and every later reply would be taken for the one before it.
    /// </summary>
    Alone = 32,
}

/// <summary>Commands that change the state of their connection, or are not answered with exactly one reply.</summary>
internal enum CommandKind : byte
{
    Plain,

    // Replayable state.
    Auth,
    Hello,
    Select,
    Client,
    ReadOnly,
    ReadWrite,
    Reset,

    // Transactions.
    Multi,
    Exec,
    Discard,
    Watch,
    Unwatch,

    // Not one reply per request.
    Subscribe,
    Monitor,
    Replication,

    // Others whose arguments need inspection, or that leave the connection in a state of their own.
    XRead,
    Wait,
    WaitAof,
    Debug,
    Asking,
    HashImport,
    Quit,

    // The first word of an HTTP request line or header, see CommandTraits.IsCrossProtocol.
    CrossProtocol,

    // Redis looks names up by a hash of all their bytes, but compares them as C strings: for one in some hundred x, which nobody can
    // foretell, SELECT\0x is SELECT.
    NulInName,
}
