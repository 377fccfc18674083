namespace RedisProxy.SentinelFacade;

/// <summary>All commands of the facade. Of a Sentinel's own ones, those that change something are there to be refused.</summary>
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
