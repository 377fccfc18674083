namespace RedisProxy.Configuration;

/// <summary>
/// <c>listeners[].users[]</c>: a name and a password as in AUTH (redis.io/commands/auth). <c>backendUser</c> has the same keys.
/// </summary>
internal sealed record UserOptions
{
    /// <summary>The user of clients and servers that send only a password.</summary>
    public const string DefaultName = "default";

    /// <summary><c>username</c>: the default is the user of clients that send only a password.</summary>
    public string Username { get; init; } = DefaultName;

    /// <summary><c>password</c> or the first line of <c>passwordFile</c>: never shown.</summary>
    public required string Password { get; init; }

    /// <inheritdoc cref="SentinelOptions.ToString"/>
    public override string ToString() => Username;
}
