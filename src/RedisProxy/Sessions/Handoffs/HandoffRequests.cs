using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>
/// CLIENT MAINT_NOTIFICATIONS, by which a client asks to be told of failovers and of moves. Redis Software's proxy answers it, and servers
/// do not know it: so does this proxy, and never passes it on. Only inside MULTI the server gets it, because QUEUED and its place in
/// EXEC's reply would have to come from there: it is refused there as any unknown command, and the transaction with it.
/// </summary>
internal static class HandoffRequests
{
    /// <param name="inspection">Of the request, which is not in a transaction.</param>
    /// <param name="arguments">The command's name first.</param>
    public static Inspection Answer(in Inspection inspection, IReadOnlyList<byte[]> arguments)
    {
        bool isOne = inspection is { Answer: Outcome.Forward, Traits.Kind: CommandKind.Client }
            && arguments.Count > 1 && RequestArguments.Upper(arguments[1]) == "MAINT_NOTIFICATIONS";
        return !isOne ? inspection
            : TryRead(arguments, out _)
                ? new Inspection(inspection.Traits, new StateChange(CommandKind.Client, arguments), Answer: Outcome.Handoffs)
            : new Inspection(inspection.Traits, null, Answer: Outcome.HandoffsMisspelt);
    }

    /// <param name="arguments">The command's name first.</param>
    /// <param name="wish">The client's.</param>
    /// <returns>False: they are not well-formed.</returns>
    public static bool TryRead(IReadOnlyList<byte[]> arguments, out HandoffWish wish)
    {
        string[] words = [.. arguments.Skip(2).Select(RequestArguments.Upper)];
        HandoffWish? read = words switch
        {
            ["OFF"] => HandoffWish.Off,
            ["ON"] or ["ON", "MOVING-ENDPOINT-TYPE", "INTERNAL-IP" or "EXTERNAL-IP"] => HandoffWish.Address,
            ["ON", "MOVING-ENDPOINT-TYPE", "INTERNAL-FQDN" or "EXTERNAL-FQDN"] => HandoffWish.Name,
            ["ON", "MOVING-ENDPOINT-TYPE", "NONE"] => HandoffWish.Nothing,
            _ => null,
        };
        wish = read ?? HandoffWish.Off;
        return read is not null;
    }
}
