using System.Buffers;
using System.Text;

using RedisProxy.Configuration;
using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>
/// A client that authenticates to the proxy and not to the master. As in redis, until it has done so it can send AUTH, HELLO and QUIT and
/// nothing else; its credentials are not passed on to the master. Unlike in redis, it stays authenticated after RESET. Where the proxy
/// has authenticated the connection to the master, RESET is refused, and so is every command after which requests are no longer inspected
/// (such as MONITOR): a RESET behind it would make the client the master's default user.
/// </summary>
internal sealed class ClientAccess(ISessionParts session)
{
    /// <summary>Redis's limit for one argument before authentication (networking.c, 7.0), here for a whole request.</summary>
    public const int MaxRequestBytes = 16 * 1024;

    // Replaces a request that must not be queued. Redis refuses it, and therefore EXEC too. Inline, so that it is never the longer one.
    private static readonly byte[] RefusedAuth = "AUTH\n"u8.ToArray();

    private ListenerUsers Rules => session.Settings.Access!;

    /// <summary>None of its requests is passed on.</summary>
    public bool IsLockedOut { get; private set; } = session.Settings.Access!.AsksClients;

    /// <summary>Writes it, or reads it.</summary>
    public void Carry(StateCodec codec) => IsLockedOut = codec.Bool(IsLockedOut);

    /// <param name="traits">Of the command.</param>
    /// <param name="arguments">The command's name first.</param>
    /// <param name="room">Length of the request in bytes; a replacement must not be longer.</param>
    /// <param name="inTransaction">It will be queued.</param>
    public Inspection Inspect(CommandTraits traits, List<byte[]> arguments, int room, bool inTransaction)
    {
        switch (traits.Kind)
        {
            case CommandKind.Auth when arguments.Count is 2 or 3:
                return inTransaction
                    ? Spoil(traits)
                    : Answer(traits, TryUnlock(arguments.Count == 3 ? arguments[1] : null, arguments[^1])
                        ? Outcome.Acknowledged
                        : Outcome.WrongPassword);
            case CommandKind.Hello:
                return InspectHello(traits, arguments, room, inTransaction);
            case CommandKind.Quit when IsLockedOut:
                return Answer(traits, Outcome.Acknowledged);
        }

        if (IsLockedOut)
        {
            return Answer(traits, Outcome.NotAuthenticated);
        }

        Inspection inspection = RequestInspector.Inspect(traits, arguments, inTransaction);
        bool wouldEndIt = traits.Kind == CommandKind.Reset || inspection.EndsFraming;
        return !wouldEndIt || Rules.BackendCredentials is null ? inspection
            : inTransaction ? Spoil(traits)
            : Answer(traits, Outcome.EndsAuthentication);
    }

    private Inspection InspectHello(CommandTraits traits, List<byte[]> arguments, int room, bool inTransaction)
    {
        byte[][] rest = WithoutAuth(arguments, out byte[]? name, out byte[]? password);
        byte[]? rewritten = rest.Length == arguments.Count ? null : Write(rest);

        // Only for a short inline request is the rewritten one longer, and no client library sends that.
        if (rewritten?.Length > room || (password is null && IsLockedOut))
        {
            return Answer(traits, Outcome.HelloNotAuthenticated);
        }

        return password is not null && !TryUnlock(name, password)
            ? Answer(traits, Outcome.WrongPassword)
            : RequestInspector.Inspect(traits, rest, inTransaction) with { Rewritten = rewritten };
    }

    /// <summary>HELLO [protover [AUTH username password] [SETNAME clientname]]; the last of several AUTH counts, as in redis.</summary>
    /// <returns>The other arguments, up to and including the first unknown option: redis refuses the request because of it.</returns>
    private static byte[][] WithoutAuth(List<byte[]> arguments, out byte[]? name, out byte[]? password)
    {
        name = null;
        password = null;
        var rest = new List<byte[]>(arguments.Take(2));
        int i = 2;
        while (i < arguments.Count)
        {
            string option = RequestArguments.Upper(arguments[i]);
            if (option == "AUTH" && i + 2 < arguments.Count)
            {
                name = arguments[i + 1];
                password = arguments[i + 2];
                i += 3;
            }
            else if (option == "SETNAME" && i + 1 < arguments.Count)
            {
                rest.AddRange(arguments[i], arguments[i + 1]);
                i += 2;
            }
            else
            {
                break;
            }
        }

        return [.. rest, .. arguments.Skip(i).Take(1)];
    }

    private bool TryUnlock(byte[]? name, byte[] password)
    {
        bool isRight = Rules.Accepts(name ?? Encoding.ASCII.GetBytes(UserOptions.DefaultName), password);
        IsLockedOut &= !isRight;
        return isRight;
    }

    private static Inspection Answer(CommandTraits traits, Outcome answer) => new(traits, null, Answer: answer);

    private static Inspection Spoil(CommandTraits traits) =>
        new(traits with { Kind = CommandKind.Plain }, null, Rewritten: RefusedAuth);

    private static byte[] Write(byte[][] arguments)
    {
        var output = new ArrayBufferWriter<byte>();
        RequestWriter.WriteBytes(output, arguments);
        return output.WrittenSpan.ToArray();
    }
}
