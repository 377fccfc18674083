using System.Net;

using RedisProxy.Configuration;

namespace RedisProxy.Tests.Topology;

/// <summary>A redis-server as far as a probe can see it.</summary>
internal sealed class ScriptedMaster : IAsyncDisposable
{
    public ScriptedMaster() => Server = new ScriptedServer(Answer);

    public ScriptedServer Server { get; }

    public IPEndPoint Address => Server.Address;

    public HostEndpoint Endpoint => new(Address.Address.ToString(), Address.Port);

    public string Role { get; set; } = "master";

    /// <summary>The reply to PING.</summary>
    public string Pong { get; set; } = "+PONG\r\n";

    /// <summary>The reply to ROLE instead of the role; empty: the role.</summary>
    public string RoleError { get; set; } = "";

    /// <summary>What it reports of its run in INFO; empty: it does not answer INFO.</summary>
    public string RunId { get; set; } = "";

    /// <summary>Needed for everything else when it is set.</summary>
    public string? Password { get; set; }

    /// <summary>The password makes no difference to what may be asked.</summary>
    public bool IsOpenToAll { get; set; }

    /// <summary>Called when it is asked for its commands, before it answers.</summary>
    public Action? OnCommand { get; set; }

    /// <summary>How many times it was asked PING.</summary>
    public int PingCount { get; private set; }

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    private string? Answer(ScriptedClient client, string[] request)
    {
        switch (request)
        {
            case ["AUTH", .., var password]:
                client.IsAuthenticated = password == Password;
                return Password is null ? "-ERR AUTH <password> called without any password configured for the default user.\r\n"
                    : client.IsAuthenticated ? "+OK\r\n" : "-WRONGPASS invalid username-password pair or user is disabled.\r\n";
            case ["PING"]:
                PingCount++;
                return IsLocked(client) ?? Pong;
            case ["ROLE"]:
                return IsLocked(client) ?? (RoleError.Length > 0 ? RoleError : $"*3\r\n${Role.Length}\r\n{Role}\r\n:0\r\n*0\r\n");
            case ["INFO", ..] when RunId.Length > 0:
                string info = $"role:{Role}\r\nrun_id:{RunId}\r\n";
                return IsLocked(client) ?? $"${info.Length}\r\n{info}\r\n";
            case ["COMMAND"]:
                OnCommand?.Invoke();
                goto default;
            default:
                return IsLocked(client) ?? "+OK\r\n";
        }
    }

    private string? IsLocked(ScriptedClient client) =>
        Password is null || IsOpenToAll || client.IsAuthenticated ? null : "-NOAUTH Authentication required.\r\n";
}
