using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>What a look at a request's arguments found.</summary>
/// <param name="Traits">Those of the command, corrected by what its arguments say.</param>
/// <param name="Change">What it will change about the connection; null for nothing.</param>
/// <param name="EndsFraming">From its reply on, replies no longer match requests one to one.</param>
/// <param name="IsAnsweredHere">It must not reach the server; the proxy says OK.</param>
internal readonly record struct Inspection(
    CommandTraits Traits, StateChange? Change, bool EndsFraming = false, bool IsAnsweredHere = false);

/// <summary>
/// Looks at the requests that <see cref="CommandTraits.NeedsInspection"/>. What can be replayed is an allow-list: a subcommand or an
/// option that is not known here pins the session.
/// </summary>
internal static class RequestInspector
{
    private static readonly CommandTraits Resendable = new(CommandKind.Client, CommandFlags.Resendable);

    public static Inspection Inspect(CommandTraits traits, IReadOnlyList<byte[]> arguments)
    {
        switch (traits.Kind)
        {
            case CommandKind.Client:
                return InspectClient(traits, arguments);
            case CommandKind.XRead:
                return new Inspection(XReadTraits(traits, arguments), null);
            case CommandKind.Subscribe:
                return EndOfFraming(traits, arguments, PinReason.PubSub);
            case CommandKind.Monitor:
                return EndOfFraming(traits, arguments, PinReason.Monitor);
            case CommandKind.Replication:
                return EndOfFraming(traits, arguments, PinReason.Replication);
            case CommandKind.Debug:
                return new Inspection(traits, new StateChange(traits.Kind, arguments) { Pins = PinReason.Debug });
            case CommandKind.Asking:
                return new Inspection(traits, new StateChange(traits.Kind, arguments) { Pins = PinReason.UnknownState });
            default:
                return new Inspection(traits, new StateChange(traits.Kind, arguments));
        }
    }

    private static Inspection EndOfFraming(CommandTraits traits, IReadOnlyList<byte[]> arguments, PinReason reason) =>
        new(traits, new StateChange(traits.Kind, arguments) { Pins = reason }, EndsFraming: true);

    private static Inspection InspectClient(CommandTraits traits, IReadOnlyList<byte[]> arguments)
    {
        switch (arguments.Count > 1 ? Upper(arguments[1]) : "")
        {
            case "GETNAME" or "ID" or "INFO" or "LIST" or "TRACKINGINFO" or "GETREDIR" or "HELP":
                return new Inspection(Resendable, null);
            case "KILL" or "PAUSE" or "UNPAUSE" or "UNBLOCK" or "":
                return new Inspection(traits, null);
            case "SETNAME" or "SETINFO" or "NO-EVICT" or "NO-TOUCH":
                return new Inspection(Resendable, new StateChange(traits.Kind, arguments));
            case "CAPA":
                return new Inspection(traits, null, IsAnsweredHere: true);
            case "REPLY" when arguments.Count == 3 && Upper(arguments[2]) is "OFF" or "SKIP":
                return EndOfFraming(traits, arguments, PinReason.ReplyMode);
            case "REPLY":
                return new Inspection(Resendable, null);
            case "TRACKING" or "CACHING":
                return new Inspection(traits, new StateChange(traits.Kind, arguments) { Pins = PinReason.Tracking });
            default:
                return new Inspection(traits, new StateChange(traits.Kind, arguments) { Pins = PinReason.UnknownState });
        }
    }

    // XREAD without BLOCK only reads. With it, "$" means "what comes from now on", and now has passed.
    private static CommandTraits XReadTraits(CommandTraits traits, IReadOnlyList<byte[]> arguments)
    {
        foreach (byte[] argument in arguments)
        {
            switch (Upper(argument))
            {
                case "BLOCK":
                    return traits;
                case "STREAMS":
                    return new CommandTraits(CommandKind.Plain, CommandFlags.Resendable);
            }
        }

        return traits;
    }

    private static string Upper(byte[] argument) => System.Text.Encoding.Latin1.GetString(argument).ToUpperInvariant();
}
