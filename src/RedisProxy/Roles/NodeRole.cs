namespace RedisProxy.Roles;

/// <summary>The role by which a server is given its settings.</summary>
internal enum NodeRole
{
    /// <summary>The master of the newest view.</summary>
    Master,

    /// <summary>A server that follows it.</summary>
    Replica,
}

/// <summary>One setting of one server that is not as its role wants it.</summary>
/// <param name="Name">Of the parameter.</param>
/// <param name="Now">As the server answered it.</param>
/// <param name="Wanted">As the configuration has it.</param>
internal sealed record SettingDifference(string Name, string Now, string Wanted);
