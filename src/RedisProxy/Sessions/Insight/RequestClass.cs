using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>What a request may cost and whom it may keep waiting, as far as its time tells.</summary>
internal enum RequestClass
{
    /// <summary>Reads, or touches only its connection: GET, SCAN, PING.</summary>
    Read,

    /// <summary>Writes, or is not known to the server's COMMAND.</summary>
    Write,

    /// <summary>Runs other commands: EVAL, FCALL.</summary>
    Script,

    /// <summary>May wait for other clients: BLPOP, XREAD BLOCK, WAIT.</summary>
    Blocking,

    /// <summary>Changes its connection: MULTI, EXEC, AUTH, SELECT, SUBSCRIBE.</summary>
    Connection,
}

internal static class RequestClasses
{
    public static readonly int Count = Enum.GetValues<RequestClass>().Length;

    public static RequestClass Of(CommandTraits traits) =>
        traits.Kind is CommandKind.Wait or CommandKind.WaitAof || traits.IsBlocking ? RequestClass.Blocking
        : traits.Kind is not (CommandKind.Plain or CommandKind.XRead) ? RequestClass.Connection
        : (traits.Flags & CommandFlags.Nested) != 0 ? RequestClass.Script
        : traits.IsResendable ? RequestClass.Read
        : RequestClass.Write;
}
