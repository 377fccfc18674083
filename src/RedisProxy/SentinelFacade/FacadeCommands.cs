namespace RedisProxy.SentinelFacade;

/// <summary>All commands of the facade. Of a Sentinel's own ones, those that change something are there to be refused.</summary>
internal static class FacadeCommands
{
    private static readonly FacadeCommand[] Commands =
    [
        .. ConnectionCommands.All,
        ClientCommands.All,
        .. SubscriptionCommands.All,
        SentinelCommands.All,
        .. InfoCommand.All,
        CommandCommands.All,
    ];

    private static readonly Dictionary<string, FacadeCommand> ByName =
        Commands.ToDictionary(command => command.Name, StringComparer.OrdinalIgnoreCase);

    public static IReadOnlyList<FacadeCommand> All => Commands;

    public static FacadeCommand? Find(string name) => ByName.GetValueOrDefault(name);

    /// <summary>The reply to HELP, as redis lays it out.</summary>
    public static void WriteHelp(FacadeDialogue dialogue, FacadeCommand container)
    {
        FacadeCommand[] told = [.. container.Subcommands.Where(one => one.Kind != FacadeCommandKind.Refused)];
        dialogue.Reply.Array(1 + (2 * told.Length));
        dialogue.Reply.Status($"{container.Name.ToUpperInvariant()} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
        foreach (FacadeCommand one in told)
        {
            dialogue.Reply.Status($"{one.Word.ToUpperInvariant()} {one.Usage}".TrimEnd());
            dialogue.Reply.Status($"    {one.Summary}.");
        }
    }
}
