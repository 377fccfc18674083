namespace RedisProxy.Resp;

/// <summary>
/// What the proxy has to know of a command. The default value stands for commands that are not in the table: a write, that means a
/// command that is never sent twice.
/// </summary>
/// <param name="Kind">Commands that change what a connection is, each with its own treatment; <see cref="CommandKind.Plain"/> else.</param>
/// <param name="Flags">See <see cref="CommandFlags"/>.</param>
internal readonly record struct CommandTraits(CommandKind Kind, CommandFlags Flags)
{
    /// <summary>Sending it twice does no harm: it reads, or touches only the connection it is sent on, which is gone.</summary>
    public bool IsResendable => (Flags & CommandFlags.Resendable) != 0;

    public bool IsBlocking => (Flags & CommandFlags.Blocking) != 0;

    /// <summary>It may wait, and takes what it waits for. (XREAD takes nothing, and WAIT waits for nothing that could be taken.)</summary>
    public bool IsPop => this is { Kind: CommandKind.Plain, IsBlocking: true, IsResendable: false };

    /// <summary>
    /// No request at all: a browser was tricked into speaking to this port. As in redis, its connection is closed without a reply
    /// (<see cref="ProtocolError.CrossProtocol"/>).
    /// </summary>
    public bool IsCrossProtocol => Kind == CommandKind.CrossProtocol;

    /// <summary>The whole request has to be looked at before it is sent.</summary>
    public bool NeedsInspection => Kind != CommandKind.Plain;
}

[Flags]
internal enum CommandFlags : byte
{
    None = 0,

    /// <summary>May be sent again when its backend was lost before it replied.</summary>
    Resendable = 1,

    /// <summary>May wait for other clients. The client's FIN must reach the server at once, or an element is popped for nobody.</summary>
    Blocking = 2,

    /// <summary>
    /// Runs other commands. An error code such as READONLY in its reply may come from one of those, so it does not prove that
    /// nothing was executed.
    /// </summary>
    Nested = 4,
}

/// <summary>Commands that change the state of their connection, or that are not answered with exactly one reply.</summary>
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

    // No longer one reply for one request.
    Subscribe,
    Monitor,
    Replication,

    // Others that need a look at their arguments, or leave the connection in a state of their own.
    XRead,
    Wait,
    WaitAof,
    Debug,
    Asking,
    HashImport,
    Quit,

    // The first word of an HTTP request line or header, see CommandTraits.IsCrossProtocol.
    CrossProtocol,
}
