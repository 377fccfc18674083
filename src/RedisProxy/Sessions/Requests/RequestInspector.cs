using System.Globalization;

using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>The result of inspecting a request's arguments.</summary>
/// <param name="Traits">Those of the command, corrected by its arguments.</param>
/// <param name="Change">Its change of the connection; null for none.</param>
/// <param name="EndsFraming">From its reply on, replies no longer match requests one to one.</param>
/// <param name="Answer">It must not reach the server; the proxy answers. <see cref="Outcome.Forward"/>: it is forwarded.</param>
/// <param name="Rewritten">Forwarded in its place; not longer. Null: it is forwarded itself.</param>
internal readonly record struct Inspection(
    CommandTraits Traits,
    StateChange? Change,
    bool EndsFraming = false,
    Outcome Answer = Outcome.Forward,
    byte[]? Rewritten = null);

/// <summary>
/// Inspects the requests with <see cref="CommandTraits.NeedsInspection"/>. What can be replayed is an allow-list: an unknown subcommand or
/// option pins the session.
/// </summary>
internal static class RequestInspector
{
    // The confirmation of a longer name would not be received in one piece; no real channel has such a name.
    private const int MaxChannelBytes = 16 * 1024;

    private static readonly CommandTraits Resendable = new(CommandKind.Client, CommandFlags.Resendable);

    // Only asks, or names the connection.
    private static readonly CommandTraits Harmless = new(CommandKind.Client, CommandFlags.Resendable | CommandFlags.LeavesNothing);

    // Sent to the backend instead of OFF and SKIP: it must reply, and check that the client may use the command. Inline, so that it is
    // never the longer one.
    private static readonly byte[] ReplyOn = "CLIENT REPLY ON\n"u8.ToArray();

    // Has no effect inside a transaction, and its element in EXEC's reply is OK. No CLIENT CAPA is shorter, not even an inline one.
    private static readonly byte[] NoEffectOk = "UNWATCH\r\n"u8.ToArray();

    /// <summary>Why it must not be sent as a request, whoever sends it.</summary>
    public static ProtocolError ErrorOf(CommandTraits traits, IReadOnlyList<byte[]> arguments) => traits.Kind switch
    {
        CommandKind.CrossProtocol => ProtocolError.CrossProtocol,
        CommandKind.NulInName => ProtocolError.NulInName,

        // Subcommands are looked up in the same way as commands.
        CommandKind.Client or CommandKind.HashImport when arguments.Count > 1 && arguments[1].Contains((byte)0) => ProtocolError.NulInName,
        _ => ProtocolError.None,
    };

    /// <param name="traits">Of the command.</param>
    /// <param name="arguments">The command's name first.</param>
    /// <param name="inTransaction">It will be queued.</param>
    public static Inspection Inspect(CommandTraits traits, IReadOnlyList<byte[]> arguments, bool inTransaction)
    {
        switch (traits.Kind)
        {
            case CommandKind.Client:
                return InspectClient(traits, arguments, inTransaction);
            case CommandKind.XRead:
                return new Inspection(XReadTraits(traits, arguments), null);
            case CommandKind.Wait or CommandKind.WaitAof when inTransaction:
                return new Inspection(new CommandTraits(CommandKind.Plain, traits.Flags), null);
            case CommandKind.Wait or CommandKind.WaitAof:
                return new Inspection(traits, null);
            case CommandKind.Subscribe when inTransaction || arguments.Any(static name => name.Length > MaxChannelBytes):
                return EndOfFraming(traits, arguments, PinReason.PubSub);
            case CommandKind.Monitor:
                return EndOfFraming(traits, arguments, PinReason.Monitor);
            case CommandKind.Replication:
                return EndOfFraming(traits, arguments, PinReason.Replication);
            case CommandKind.Debug:
                return new Inspection(traits, new StateChange(traits.Kind, arguments) { Pins = PinReason.Debug });
            case CommandKind.HashImport:
                return InspectHashImport(traits, arguments);
            case CommandKind.Asking:
                return new Inspection(traits, new StateChange(traits.Kind, arguments) { Pins = PinReason.UnknownState });
            case var kind when !IsWellFormed(kind, arguments):
                return new Inspection(new CommandTraits(CommandKind.Plain, traits.Flags), null);
            default:
                CommandFlags alone = HasCredentials(traits.Kind, arguments) ? CommandFlags.Alone : CommandFlags.None;
                return new Inspection(traits with { Flags = traits.Flags | alone }, new StateChange(traits.Kind, arguments));
        }
    }

    /// <summary>CLIENT CACHING, which applies to the request after it.</summary>
    public static bool IsCaching(IReadOnlyList<byte[]> arguments) =>
        arguments.Count == 3 && RequestArguments.Upper(arguments[1]) == "CACHING";

    private static Inspection EndOfFraming(CommandTraits traits, IReadOnlyList<byte[]> arguments, PinReason reason) =>
        new(traits, new StateChange(traits.Kind, arguments) { Pins = reason }, EndsFraming: true);

    private static Inspection InspectClient(CommandTraits traits, IReadOnlyList<byte[]> arguments, bool inTransaction)
    {
        switch (arguments.Count > 1 ? RequestArguments.Upper(arguments[1]) : "")
        {
            case "GETNAME" or "ID" or "INFO" or "LIST" or "TRACKINGINFO" or "GETREDIR" or "HELP":
                return new Inspection(Harmless, null);
            case "KILL" or "PAUSE" or "UNPAUSE" or "UNBLOCK" or "":
                return new Inspection(traits with { Flags = CommandFlags.LeavesNothing }, null);
            case "SETNAME" when arguments.Count == 3:
            case "SETINFO" when arguments.Count == 4:
                return new Inspection(Harmless, new StateChange(traits.Kind, arguments));
            case "NO-EVICT" or "NO-TOUCH" or "CACHING" when arguments.Count == 3:
            case "TRACKING" when arguments.Count >= 3:
                return new Inspection(Resendable, new StateChange(traits.Kind, arguments));
            case "SETNAME" or "NO-EVICT" or "NO-TOUCH" or "CACHING" or "SETINFO" or "TRACKING":
                return new Inspection(Resendable, null);
            case "CAPA" when arguments.Count == 2:
                return new Inspection(Resendable, null);
            case "CAPA" when inTransaction:
                // QUEUED and its place in EXEC's reply have to come from the server.
                return new Inspection(Resendable, null, Rewritten: NoEffectOk);
            case "CAPA":
                return new Inspection(traits, null, Answer: Outcome.Acknowledged);
            case "REPLY" when arguments.Count == 3:
                return InspectReply(arguments, inTransaction);
            case "REPLY":
                return new Inspection(Resendable, null);
            default:
                return new Inspection(traits, new StateChange(traits.Kind, arguments) { Pins = PinReason.UnknownState });
        }
    }

    // What HIMPORT PREPARE declares belongs to the connection until RESET (redis.io/commands/himport). SET writes.
    private static Inspection InspectHashImport(CommandTraits traits, IReadOnlyList<byte[]> arguments) =>
        (arguments.Count > 1 ? RequestArguments.Upper(arguments[1]) : "") switch
        {
            "PREPARE" => new Inspection(
                traits with { Flags = CommandFlags.Resendable },
                new StateChange(traits.Kind, arguments) { Pins = PinReason.UnknownState }),
            "DISCARD" or "DISCARDALL" => new Inspection(traits with { Flags = CommandFlags.Resendable }, null),
            _ => new Inspection(traits, null),
        };

    private static Inspection InspectReply(IReadOnlyList<byte[]> arguments, bool inTransaction)
    {
        ReplyRule rule = ReplyRuleOf(arguments[2]);
        if (rule == ReplyRule.AsBefore)
        {
            return new Inspection(Resendable, null);
        }

        if (inTransaction)
        {
            // EXEC's own reply would lose some of its elements.
            return EndOfFraming(Resendable, arguments, PinReason.ReplyMode);
        }

        var change = new StateChange(CommandKind.Client, arguments) { Replies = rule };
        return new Inspection(Resendable, change, Rewritten: rule == ReplyRule.On ? null : ReplyOn);
    }

    private static ReplyRule ReplyRuleOf(byte[] option) => RequestArguments.Upper(option) switch
    {
        "ON" => ReplyRule.On,
        "OFF" => ReplyRule.Off,
        "SKIP" => ReplyRule.SkipNext,
        _ => ReplyRule.AsBefore,
    };

    /// <summary>If not, the backend refuses it.</summary>
    private static bool IsWellFormed(CommandKind kind, IReadOnlyList<byte[]> arguments) => kind switch
    {
        CommandKind.Auth => arguments.Count is 2 or 3,
        CommandKind.Select => arguments.Count == 2 && IsNumber(arguments[1]),
        CommandKind.Hello => IsHello(arguments),
        CommandKind.Multi or CommandKind.Discard or CommandKind.Unwatch or CommandKind.Reset => arguments.Count == 1,
        _ => true,
    };

    private static bool IsHello(IReadOnlyList<byte[]> arguments)
    {
        bool isValid = arguments.Count == 1 || IsNumber(arguments[1]);
        for (int i = 2; i < arguments.Count && isValid; i++)
        {
            i += RequestArguments.Upper(arguments[i]) switch { "AUTH" => 2, "SETNAME" => 1, _ => 0 };
            isValid = i < arguments.Count;
        }

        return isValid;
    }

    private static bool HasCredentials(CommandKind kind, IReadOnlyList<byte[]> arguments) => kind == CommandKind.Auth
        || (kind == CommandKind.Hello && arguments.Skip(2).Any(static word => RequestArguments.Upper(word) == "AUTH"));

    private static bool IsNumber(byte[] argument) => int.TryParse(argument, NumberStyles.Integer, CultureInfo.InvariantCulture, out _);

    // XREAD only reads, if its wait can be repeated: "$" means what arrives from now on, and a later "now" is another one.
    private static CommandTraits XReadTraits(CommandTraits traits, IReadOnlyList<byte[]> arguments)
    {
        var read = StreamRead.Parse(arguments);
        if (read.Streams == 0)
        {
            return traits;
        }

        bool blocks = read.Timeout > 0;
        IEnumerable<byte[]> ids = arguments.Skip(read.Streams + 1 + ((arguments.Count - read.Streams - 1) / 2));
        bool isRead = !blocks || ids.All(static id => id is not [(byte)'$' or (byte)'+', ..]);
        CommandFlags flags = CommandFlags.LeavesNothing | (blocks ? CommandFlags.Blocking : CommandFlags.Shareable)
            | (isRead ? CommandFlags.Resendable : 0);
        return new CommandTraits(CommandKind.Plain, flags);
    }
}
