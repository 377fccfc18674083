namespace RedisProxy.SentinelFacade;

/// <summary>All commands of the facade. Sentinel commands that change something are listed in order to be refused.</summary>
internal static class FacadeCommands
{
    public static IReadOnlyList<FacadeCommand> All { get; } =
    [
        .. ConnectionCommands.All,
        ClientCommands.All,
        .. SubscriptionCommands.All,
        SentinelCommands.All,
        .. InfoCommand.All,
        CommandCommands.All,
    ];
}
