using System.Collections.Concurrent;
using System.Text;

using RedisProxy.Configuration;
using RedisProxy.Tests.Topology;

namespace RedisProxy.Tests.Roles;

/// <summary>A redis-server as far as its role and its settings go. It takes what it may take, and remembers what it was told.</summary>
internal sealed class ScriptedRedis : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> _orders = [];

    public ScriptedRedis(params (string Name, string Value)[] settings)
    {
        Settings = new ConcurrentDictionary<string, string>(settings.Select(one => KeyValuePair.Create(one.Name, one.Value)));
        Server = new ScriptedServer(Answer);
    }

    public ScriptedServer Server { get; }

    public HostEndpoint Endpoint => new(Server.Address.Address.ToString(), Server.Address.Port);

    public ConcurrentDictionary<string, string> Settings { get; }

    /// <summary>Null: it is a master.</summary>
    public HostEndpoint? Follows { get; set; }

    public string LinkState { get; set; } = "connected";

    public string Version { get; set; } = "7.0.15";

    /// <summary>Lines of INFO persistence.</summary>
    public string Persistence { get; set; } = "aof_rewrite_in_progress:0";

    /// <summary>What it answers instead: to "CONFIG SET", or to "CONFIG SET save" alone.</summary>
    public ConcurrentDictionary<string, string> Refusals { get; } = [];

    /// <summary>It takes this setting with OK and stays as it is.</summary>
    public string Ignored { get; set; } = "";

    /// <summary>Before it answers.</summary>
    public Action<string[]> OnRequest { get; set; } = static _ => { };

    /// <summary>CONFIG SET with what was set, and CONFIG REWRITE, in their order, whether it took them or not.</summary>
    public IReadOnlyList<string> Orders => [.. _orders];

    public int Looks { get; private set; }

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    private string Answer(ScriptedClient client, string[] request)
    {
        OnRequest(request);
        return request switch
        {
            ["ROLE"] => Role(),
            ["CONFIG", "GET", var name] => Get(name),
            ["CONFIG", "SET", .. var pairs] => Set(pairs),
            ["CONFIG", "REWRITE"] => Rewrite(),
            ["INFO", "server"] => Bulk($"redis_version:{Version}\r\n"),
            ["INFO", "persistence"] => Bulk($"{Persistence}\r\n"),
            _ => "+OK\r\n",
        };
    }

    private string Role()
    {
        Looks++;
        return Follows is { } master
            ? $"*5\r\n{Bulk("slave")}{Bulk(master.Host)}:{master.Port}\r\n{Bulk(LinkState)}:7\r\n"
            : $"*3\r\n{Bulk("master")}:7\r\n*0\r\n";
    }

    private string Get(string name) => Refusal("CONFIG GET") ?? (Settings.TryGetValue(name, out string? value)
        ? $"*2\r\n{Bulk(name)}{Bulk(value)}"
        : "*0\r\n");

    private string Set(string[] pairs)
    {
        string[][] settings = [.. pairs.Chunk(2)];
        _orders.Enqueue($"SET {string.Join(", ", settings.Select(one => $"{one[0]}={one[1]}"))}");
        if (settings.Length > 1 && Version.StartsWith('6'))
        {
            return "-ERR Unknown subcommand or wrong number of arguments for 'SET'.\r\n";
        }

        string? refusal = Refusal("CONFIG SET")
            ?? settings.Select(one => Refusal($"CONFIG SET {one[0]}")).FirstOrDefault(no => no is not null);
        if (refusal is not null)
        {
            return refusal;
        }

        foreach (string[] setting in settings.Where(one => one[0] != Ignored))
        {
            Settings[setting[0]] = setting[1];
        }

        return "+OK\r\n";
    }

    private string Rewrite()
    {
        _orders.Enqueue("REWRITE");
        return Refusal("CONFIG REWRITE") ?? "+OK\r\n";
    }

    private string? Refusal(string what) => Refusals.TryGetValue(what, out string? error) ? $"-{error}\r\n" : null;

    private static string Bulk(string text) => $"${Encoding.Latin1.GetByteCount(text)}\r\n{text}\r\n";
}
