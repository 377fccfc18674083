namespace RedisProxy.Roles;

/// <summary>The role that determines a server's settings.</summary>
internal enum NodeRole
{
    /// <summary>The master of the newest view.</summary>
    Master,

    /// <summary>A server that follows it.</summary>
    Replica,
}

/// <summary>One setting of one server that does not match its role.</summary>
/// <param name="Name">Of the parameter.</param>
/// <param name="Now">As the server answered it.</param>
/// <param name="Wanted">As configured.</param>
internal sealed record SettingDifference(string Name, string Now, string Wanted);
