using RedisProxy.Resp;

namespace RedisProxy.Servers;

/// <summary>What the proxy says first, to Sentinels and to servers, on each connection of its own.</summary>
/// <param name="username">Null: the default user.</param>
/// <param name="password">Null: there is none.</param>
/// <param name="clientName">In the list of clients.</param>
internal sealed class ServerGreeting(string? username, string? password, string clientName)
{
    /// <summary>AUTH, if there is a password, and CLIENT SETNAME.</summary>
    public string[][] Requests { get; } =
    [
        .. (string[][])(password is null ? [] : username is null ? [["AUTH", password]] : [["AUTH", username, password]]),
        ["CLIENT", "SETNAME", clientName],
    ];

    /// <param name="replies">To the greeting, and to whatever was said behind it.</param>
    /// <returns>Why the password was refused; null: it was not. A password too many does no harm: servers are often changed one by one.
    /// </returns>
    public string? RefusalIn(ReadOnlySpan<RespValue> replies) =>
        password is not null && replies[0].IsError && !replies[0].Text.StartsWith("ERR", StringComparison.Ordinal) ? replies[0].Text : null;
}
