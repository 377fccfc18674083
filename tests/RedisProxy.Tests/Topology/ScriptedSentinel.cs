using System.Globalization;
using System.Net;
using System.Text;

using RedisProxy.Configuration;

namespace RedisProxy.Tests.Topology;

/// <summary>What a scripted Sentinel says of one master.</summary>
internal sealed record ScriptedAnswer(string Host, int Port, long Epoch)
{
    public static ScriptedAnswer Of(IPEndPoint address, long epoch) => new(address.Address.ToString(), address.Port, epoch);

    public string Flags { get; init; } = "master";

    /// <summary>The ip and port in SENTINEL MASTER, where they differ.</summary>
    public IPEndPoint? Described { get; init; }

    public int Quorum { get; init; } = 2;
}

/// <summary>A Sentinel that says what it is told to say; RESP3 like a new one, or RESP2 only like an old one.</summary>
internal sealed class ScriptedSentinel : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, ScriptedAnswer> _masters = [];
    private int _asked;
    private int _listed;

    public ScriptedSentinel(string id, string host = "127.0.0.1")
    {
        Id = id;
        Server = new ScriptedServer(Answer, host);
    }

    public string Id { get; set; }

    public ScriptedServer Server { get; }

    public HostEndpoint Endpoint => new(Server.Address.Address.ToString(), Server.Address.Port);

    public bool IsOld { get; init; }

    public string? Password { get; init; }

    public bool IsInTilt { get; set; }

    /// <summary>From the words after <c>SENTINEL FAILOVER</c> to the reply; null: none.</summary>
    public Func<ScriptedClient, string[], string?> OnFailover { get; set; } = static (_, _) => "+OK\r\n";

    /// <summary>What it says to <c>INFO server</c>.</summary>
    public string ServerInfo { get; set; } = "redis_version:7.0.15";

    /// <summary>Id, host and port of the others that it lists.</summary>
    public List<(string Id, string Host, int Port)> Others { get; } = [];

    /// <summary>Ids of those of <see cref="Others"/> that it takes for down.</summary>
    public HashSet<string> DownOthers { get; } = [];

    public List<(string Host, int Port)> Replicas { get; } = [];

    /// <summary>Names and values that it says of a replica besides, or instead of the usual ones.</summary>
    public Dictionary<(string Host, int Port), string[]> ReplicaFacts { get; } = [];

    /// <summary>How many times it was asked for a master.</summary>
    public int AskedCount => Volatile.Read(ref _asked);

    /// <summary>How many times it was asked for the other Sentinels.</summary>
    public int ListedCount => Volatile.Read(ref _listed);

    /// <summary>What it says of a master from now on; null: it knows none of that name.</summary>
    public void Say(string master, ScriptedAnswer? answer)
    {
        lock (_gate)
        {
            _masters.Remove(master);
            if (answer is not null)
            {
                _masters.Add(master, answer);
            }
        }
    }

    public void Lists(params ScriptedSentinel[] others) =>
        Others.AddRange(others.Select(other => (other.Id, other.Endpoint.Host, other.Endpoint.Port)));

    /// <summary>An event, to every subscriber.</summary>
    public void Push(string channel, string payload)
    {
        foreach (ScriptedClient client in Server.Clients.Where(client => client.IsSubscribed))
        {
            client.Send($"{(client.IsResp3 ? '>' : '*')}4\r\n{Bulk("pmessage")}{Bulk("*")}{Bulk(channel)}{Bulk(payload)}");
        }
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    private string? Answer(ScriptedClient client, string[] request)
    {
        if (request is ["AUTH", .., var password])
        {
            client.IsAuthenticated = password == Password;
            return Password is null ? "-ERR AUTH <password> called without any password configured for the default user.\r\n"
                : client.IsAuthenticated ? "+OK\r\n" : "-WRONGPASS invalid username-password pair or user is disabled.\r\n";
        }

        if (Password is not null && !client.IsAuthenticated)
        {
            return "-NOAUTH Authentication required.\r\n";
        }

        return request switch
        {
            ["HELLO", "3"] => Hello(client),
            ["PSUBSCRIBE", "*"] => Subscribe(client),
            ["PING"] => client.IsSubscribed && !client.IsResp3 ? $"*2\r\n{Bulk("pong")}{Bulk("")}" : "+PONG\r\n",
            ["CLIENT", ..] => "+OK\r\n",
            ["INFO", "sentinel"] => Info(client),
            ["INFO", "server"] => Bulk(ServerInfo),
            ["SENTINEL", "FAILOVER", .. var words] => OnFailover(client, words),
            ["SENTINEL", "CKQUORUM", _] => "+OK 3 usable Sentinels.\r\n",
            ["SENTINEL", "MYID"] => IsOld ? "-ERR Unknown sentinel subcommand 'MYID'\r\n" : Bulk(Id),
            ["SENTINEL", var what, var name] => Answer(client, what, name),
            _ => "-ERR unknown command\r\n",
        };
    }

    private string? Answer(ScriptedClient client, string what, string name)
    {
        ScriptedAnswer? master;
        lock (_gate)
        {
            master = _masters.GetValueOrDefault(name);
        }

        switch (what)
        {
            case "MASTER":
                Interlocked.Increment(ref _asked);
                return master is null ? NoSuchMaster : Fields(client, MasterFields(name, master));
            case "GET-MASTER-ADDR-BY-NAME":
                return master is not null ? $"*2\r\n{Bulk(master.Host)}{Bulk(Number(master.Port))}" : client.IsResp3 ? "_\r\n" : "*-1\r\n";
            case "SENTINELS":
                Interlocked.Increment(ref _listed);
                return master is null ? NoSuchMaster : List(client, Others.Select(OtherFields));
            case "REPLICAS":
                return master is null ? NoSuchMaster : List(client, Replicas.Select(ReplicaFields));
            default:
                return "-ERR Unknown sentinel subcommand\r\n";
        }
    }

    private const string NoSuchMaster = "-ERR No such master with that name\r\n";

    private string Hello(ScriptedClient client)
    {
        client.IsResp3 = !IsOld;
        return IsOld ? "-ERR unknown command `HELLO`\r\n" : $"%1\r\n{Bulk("mode")}{Bulk("sentinel")}";
    }

    private static string Subscribe(ScriptedClient client)
    {
        client.IsSubscribed = true;
        return $"{(client.IsResp3 ? '>' : '*')}3\r\n{Bulk("psubscribe")}{Bulk("*")}:1\r\n";
    }

    private string Info(ScriptedClient client)
    {
        var text = new StringBuilder($"# Sentinel\r\nsentinel_masters:{_masters.Count}\r\nsentinel_tilt:{(IsInTilt ? 1 : 0)}\r\n");
        lock (_gate)
        {
            int number = 0;
            foreach ((string name, ScriptedAnswer answer) in _masters)
            {
                string address = $"{answer.Host}:{answer.Port}";
                text.Append(CultureInfo.InvariantCulture, $"master{number++}:name={name},status=ok,address={address},slaves=0\r\n");
            }
        }

        return client.IsResp3 ? $"={text.Length + 4}\r\ntxt:{text}\r\n" : Bulk(text.ToString());
    }

    private static string[] MasterFields(string name, ScriptedAnswer master) =>
    [
        "name", name,
        "ip", master.Described?.Address.ToString() ?? master.Host,
        "port", Number(master.Described?.Port ?? master.Port),
        "flags", master.Flags,
        "config-epoch", Number(master.Epoch),
        "quorum", Number(master.Quorum),
    ];

    private string[] ReplicaFields((string Host, int Port) replica) =>
    [
        .. InstanceFields("", replica.Host, replica.Port),
        "flags", "slave",
        "master-link-status", "ok",
        "slave-priority", "100",
        .. ReplicaFacts.GetValueOrDefault(replica, []),
    ];

    private string[] OtherFields((string Id, string Host, int Port) other) =>
    [
        .. InstanceFields(other.Id, other.Host, other.Port),
        "flags", DownOthers.Contains(other.Id) ? "s_down,sentinel,disconnected" : "sentinel",
    ];

    private static string[] InstanceFields(string id, string host, int port) => ["name", id, "ip", host, "port", Number(port), "runid", id];

    private static string List(ScriptedClient client, IEnumerable<string[]> instances)
    {
        string[] items = [.. instances.Select(instance => Fields(client, instance))];
        return $"*{items.Length}\r\n{string.Concat(items)}";
    }

    private static string Fields(ScriptedClient client, string[] fields) =>
        (client.IsResp3 ? $"%{fields.Length / 2}\r\n" : $"*{fields.Length}\r\n") + string.Concat(fields.Select(Bulk));

    private static string Bulk(string text) => $"${Encoding.Latin1.GetByteCount(text)}\r\n{text}\r\n";

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
