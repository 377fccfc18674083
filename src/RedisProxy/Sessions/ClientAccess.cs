using System.Buffers;
using System.Text;

using RedisProxy.Configuration;
using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>
/// A client that authenticates to the proxy and not to the master. As in redis, until it has done so it can say AUTH, HELLO and QUIT and
/// nothing else; nothing of what it says about itself goes on to the master. Unlike in redis, RESET does not make it a stranger again.
/// </summary>
internal sealed class ClientAccess(Session session)
{
    /// <summary>What redis allows before authentication for one argument (networking.c, 7.0), here for a whole request.</summary>
    public const int MaxRequestBytes = 16 * 1024;

    // Inline, so that it is shorter than any AUTH. Redis refuses it in the middle of a transaction, and so refuses EXEC as well.
    private static readonly byte[] AuthOfNobody = "AUTH\r\n"u8.ToArray();

    private AccessRules Rules => session.Settings.Access!;

    /// <summary>Nothing of it is passed on.</summary>
    public bool IsLockedOut { get; private set; } = session.Settings.Access!.AsksClients;

    /// <param name="traits">Of the command.</param>
    /// <param name="arguments">Its name first.</param>
    /// <param name="room">Bytes of the request; what is sent instead must not be longer.</param>
    /// <param name="inTransaction">It will be queued.</param>
    /// <param name="isSilent">It will not be answered.</param>
    public Inspection Inspect(CommandTraits traits, List<byte[]> arguments, int room, bool inTransaction, bool isSilent)
    {
        switch (traits.Kind)
        {
            case CommandKind.Auth when arguments.Count is 2 or 3:
                return inTransaction
                    ? new Inspection(traits with { Kind = CommandKind.Plain }, null, Rewritten: AuthOfNobody)
                    : Answer(traits, TryUnlock(arguments.Count == 3 ? arguments[1] : null, arguments[^1])
                        ? Outcome.Acknowledged
                        : Outcome.WrongPassword);
            case CommandKind.Hello:
                return InspectHello(traits, arguments, room, inTransaction, isSilent);
            case CommandKind.Quit when IsLockedOut:
                return Answer(traits, Outcome.Acknowledged);
            case CommandKind.Reset when Rules.BackendCredentials is not null:
                return Answer(traits, Outcome.ResetRefused);
        }

        return IsLockedOut
            ? Answer(traits, Outcome.NotAuthenticated)
            : RequestInspector.Inspect(traits, arguments, inTransaction, isSilent);
    }

    // HELLO [protover [AUTH username password] [SETNAME clientname]]
    private Inspection InspectHello(CommandTraits traits, List<byte[]> arguments, int room, bool inTransaction, bool isSilent)
    {
        int auth = arguments.FindIndex(Math.Min(2, arguments.Count), static word => RequestArguments.Upper(word) == "AUTH");
        if (auth < 0 || auth + 2 >= arguments.Count)
        {
            return IsLockedOut
                ? Answer(traits, Outcome.HelloNotAuthenticated)
                : RequestInspector.Inspect(traits, arguments, inTransaction, isSilent);
        }

        if (!TryUnlock(arguments[auth + 1], arguments[auth + 2]))
        {
            return Answer(traits, Outcome.WrongPassword);
        }

        byte[][] rest = [.. arguments[..auth], .. arguments[(auth + 3)..]];
        return Rewrite(rest, room) is { } rewritten
            ? RequestInspector.Inspect(traits, rest, inTransaction, isSilent) with { Rewritten = rewritten }
            : Answer(traits, Outcome.HelloNotAuthenticated);
    }

    private bool TryUnlock(byte[]? name, byte[] password)
    {
        bool isRight = Rules.Accepts(name ?? Encoding.ASCII.GetBytes(UserOptions.DefaultName), password);
        IsLockedOut &= !isRight;
        return isRight;
    }

    private static Inspection Answer(CommandTraits traits, Outcome answer) => new(traits, null, Answer: answer);

    /// <returns>Null: it would be longer than what the client said; only of short inline requests, which nobody's library makes.</returns>
    private static byte[]? Rewrite(byte[][] arguments, int room)
    {
        var output = new ArrayBufferWriter<byte>();
        RequestWriter.WriteBytes(output, arguments);
        return output.WrittenCount <= room ? output.WrittenSpan.ToArray() : null;
    }
}
