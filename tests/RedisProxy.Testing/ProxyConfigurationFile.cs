using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace RedisProxy.Testing;

/// <summary>Writes a <c>proxy.json</c> with chosen ports. Knows only the outline of the format; keys pass through unchecked.</summary>
internal sealed class ProxyConfigurationFile
{
    // Tests stop proxies that still have sessions, and need not wait for those.
    private const string DrainTimeout = "1s";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private readonly List<int> _ports = [];
    private readonly string _address;

    public ProxyConfigurationFile(ProxyProcessOptions options)
    {
        _address = options.Host.Address;
        AdminPort = FreePorts.Take();
        ProxyListener[] listeners = [.. options.Listeners.Select(l => l.Bind is null ? l with { Bind = Own(TakePort()) } : l)];
        ListenerPorts = _ports;
        var root = new JsonObject
        {
            ["listeners"] = new JsonArray([.. listeners.Select(Listener)]),
            ["admin"] = new JsonObject { ["bind"] = Own(AdminPort) },
            ["shutdown"] = new JsonObject { ["drainTimeout"] = DrainTimeout },
        };
        if (options.SentinelEndpoints.Count > 0)
        {
            root["sentinel"] = new JsonObject
            {
                ["endpoints"] = new JsonArray([.. options.SentinelEndpoints.Select(e => JsonValue.Create(e))]),
            };
        }

        if (options.BackendEndpoint is { } backend)
        {
            root["backend"] = new JsonObject { ["endpoint"] = backend };
        }

        if (Environment.GetEnvironmentVariable("REDISPROXY_TRANSPORT") is { Length: > 0 } transport)
        {
            root["loops"] = new JsonObject { ["transport"] = transport };
        }

        foreach ((string path, JsonNode? value) in options.Settings)
        {
            Set(root, path.Split('.'), value);
        }

        Text = root.ToJsonString(Indented);
    }

    public int AdminPort { get; }

    /// <summary>Ports that were chosen, in the order of the listeners.</summary>
    public IReadOnlyList<int> ListenerPorts { get; }

    public string Text { get; }

    private int TakePort()
    {
        _ports.Add(FreePorts.Take());
        return _ports[^1];
    }

    private static JsonNode Listener(ProxyListener listener)
    {
        var json = new JsonObject { ["bind"] = listener.Bind };
        if (listener.Master is { } master)
        {
            json["master"] = master;
        }

        if ((listener.Name ?? (listener.Master is null ? "default" : null)) is { } name)
        {
            json["name"] = name;
        }

        if (Environment.GetEnvironmentVariable("REDISPROXY_MULTIPLEX") is { Length: > 0 } links)
        {
            json["multiplex"] = new JsonObject { ["links"] = int.Parse(links, CultureInfo.InvariantCulture) };
        }

        foreach ((string key, JsonNode? value) in listener.Settings)
        {
            json[key] = value?.DeepClone();
        }

        return json;
    }

    private static void Set(JsonObject root, string[] path, JsonNode? value)
    {
        JsonObject section = root;
        foreach (string key in path[..^1])
        {
            if (section[key] is not JsonObject inner)
            {
                inner = [];
                section[key] = inner;
            }

            section = inner;
        }

        section[path[^1]] = value?.DeepClone();
    }

    private string Own(int port) => string.Create(CultureInfo.InvariantCulture, $"{_address}:{port}");
}
