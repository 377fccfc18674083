namespace RedisProxy.Configuration;

/// <summary>
/// <c>listeners[].users[]</c>: a name and a password as AUTH has them (redis.io/commands/auth). <c>backendUser</c> is one, too.
/// </summary>
internal sealed record UserOptions
{
    /// <summary>The user of clients and servers that say only a password.</summary>
    public const string DefaultName = "default";

    /// <summary><c>username</c>: default <c>default</c>.</summary>
    public string Username { get; init; } = DefaultName;

    /// <summary><c>password</c> or the first line of <c>passwordFile</c>: required.</summary>
    public required string Password { get; init; }

    /// <inheritdoc cref="SentinelOptions.ToString"/>
    public override string ToString() => Username;
}
