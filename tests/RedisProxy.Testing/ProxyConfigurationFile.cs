using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace RedisProxy.Testing;

/// <summary>Writes a <c>proxy.json</c> with chosen ports. Knows the outline of the format only; keys pass through unchecked.</summary>
internal sealed class ProxyConfigurationFile
{
    // Tests end proxies that still have sessions, and need not wait for them.
    private const string DrainTimeout = "1s";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public ProxyConfigurationFile(ProxyProcessOptions options)
    {
        AdminPort = FreePorts.Take();
        ListenerPorts = [.. options.Listeners.Select(_ => FreePorts.Take())];
        var root = new JsonObject
        {
            ["listeners"] = new JsonArray([.. options.Listeners.Zip(ListenerPorts, Listener)]),
            ["admin"] = new JsonObject { ["bind"] = Loopback(AdminPort) },
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

        foreach ((string path, JsonNode? value) in options.Settings)
        {
            Set(root, path.Split('.'), value);
        }

        Text = root.ToJsonString(Indented);
    }

    public int AdminPort { get; }

    /// <summary>In the order of the listeners.</summary>
    public IReadOnlyList<int> ListenerPorts { get; }

    public string Text { get; }

    private static JsonNode Listener(ProxyListener listener, int port)
    {
        var json = new JsonObject { ["bind"] = Loopback(port) };
        if (listener.Master is { } master)
        {
            json["master"] = master;
        }

        if ((listener.Name ?? (listener.Master is null ? "default" : null)) is { } name)
        {
            json["name"] = name;
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

    private static string Loopback(int port) => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");
}
