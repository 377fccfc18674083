using System.Collections.Concurrent;

using RedisProxy.Configuration;

namespace RedisProxy.Tests.Topology;

/// <summary>A redis-server as far as a failover on demand can see it: it has a role, has written so much, and can be paused.</summary>
internal sealed class ScriptedNode : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> _orders = [];

    public ScriptedNode(string role)
    {
        Role = role;
        Server = new ScriptedServer(Answer);
    }

    public ScriptedServer Server { get; }

    public HostEndpoint Endpoint => new(Server.Address.Address.ToString(), Server.Address.Port);

    public volatile string Role;

    /// <summary>Of the replication stream: what it has written, or got.</summary>
    public long Offset { get; set; } = 100;

    /// <summary>What it says to <c>INFO server</c>.</summary>
    public string ServerInfo { get; set; } = "redis_version:7.0.15";

    /// <summary>The reply to REPLICAOF; it is a replica afterwards only if this is a good one.</summary>
    public string ReplicaOfReply { get; set; } = "+OK\r\n";

    /// <summary>So many times it ends the connection instead of answering UNPAUSE.</summary>
    public int UnpausesLost { get; set; }

    /// <summary>PAUSE, UNPAUSE and REPLICAOF, in the order in which they came; a PAUSE once, however often it was renewed.</summary>
    public IEnumerable<string> Orders => _orders.Where((order, i) => i == 0 || order != _orders.ElementAt(i - 1));

    /// <summary>How often it was told to pause.</summary>
    public int Pauses => _orders.Count(order => order == "PAUSE");

    public bool IsPaused => _orders.LastOrDefault(order => order != "REPLICAOF") == "PAUSE";

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    private string? Answer(ScriptedClient client, string[] request)
    {
        switch (request)
        {
            case ["ROLE"]:
                return $"*3\r\n${Role.Length}\r\n{Role}\r\n:0\r\n*0\r\n";
            case ["INFO", "replication"]:
                return Info($"role:{Role}\r\nmaster_repl_offset:{Offset}\r\nslave_repl_offset:{Offset}");
            case ["INFO", "server"]:
                return Info(ServerInfo);
            case ["INFO", _]:
                return Info("# Nothing");
            case ["CONFIG", ..]:
                return "*0\r\n";
            case ["ACL", ..]:
                return "-ERR unknown command\r\n";
            case ["CLIENT", "PAUSE", "5000", "WRITE"]:
                _orders.Enqueue("PAUSE");
                return "+OK\r\n";
            case ["CLIENT", "UNPAUSE"] when UnpausesLost > 0:
                UnpausesLost--;
                client.Dispose();
                return null;
            case ["CLIENT", "UNPAUSE"]:
                _orders.Enqueue("UNPAUSE");
                return "+OK\r\n";
            case ["REPLICAOF", var host, var port]:
                _orders.Enqueue("REPLICAOF");
                Role = ReplicaOfReply[0] == '+' && host.Length > 0 && port.Length > 0 ? "slave" : Role;
                return ReplicaOfReply;
            default:
                return "+OK\r\n";
        }
    }

    private static string Info(string text) => $"${text.Length}\r\n{text}\r\n";
}
