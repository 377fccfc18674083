using RedisProxy.Resp;

namespace RedisProxy.Servers;

/// <summary>The first requests on each connection of the proxy's own, to Sentinels and to servers.</summary>
/// <param name="username">Null for the default user.</param>
/// <param name="password">Null if none is configured.</param>
/// <param name="clientName">The name shown in the server's client list.</param>
internal sealed class ServerGreeting(string? username, string? password, string clientName)
{
    /// <summary>AUTH, if a password is configured, and CLIENT SETNAME.</summary>
    public string[][] Requests { get; } =
    [
        .. (string[][])(password is null ? [] : username is null ? [["AUTH", password]] : [["AUTH", username, password]]),
        ["CLIENT", "SETNAME", clientName],
    ];

    /// <param name="replies">The replies to the greeting, and possibly to what followed it.</param>
    /// <returns>Why the password was rejected, or null. A password that the server does not need is no rejection: passwords are usually
    /// introduced one server at a time.</returns>
    public string? RefusalIn(ReadOnlySpan<RespValue> replies) =>
        password is not null && replies[0].IsError && !replies[0].Text.StartsWith("ERR", StringComparison.Ordinal) ? replies[0].Text : null;
}
