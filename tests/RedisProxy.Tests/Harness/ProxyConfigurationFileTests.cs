using System.Text.Json.Nodes;

using RedisProxy.Testing;

namespace RedisProxy.Tests.Harness;

public sealed class ProxyConfigurationFileTests
{
    [Fact]
    public void Text_ForSentinels_HasListenersEndpointsAndSettings()
    {
        var options = new ProxyProcessOptions
        {
            SentinelEndpoints = ["127.0.0.1:1", "127.0.0.1:2"],
            Listeners =
            [
                new() { Master = "m" },
                new() { Master = "m", Name = "b", Settings = new Dictionary<string, JsonNode?> { ["maxSessions"] = 5 } },
            ],
        };

        var file = new ProxyConfigurationFile(options.With("hold.timeout", "1s").With("shutdown.drainTimeout", "0s"));

        JsonNode json = JsonNode.Parse(file.Text)!;
        Assert.Equal($"127.0.0.1:{file.ListenerPorts[0]}", (string?)json["listeners"]![0]!["bind"]);
        Assert.Null(json["listeners"]![0]!["name"]);
        Assert.Equal(5, (int?)json["listeners"]![1]!["maxSessions"]);
        Assert.Equal("127.0.0.1:2", (string?)json["sentinel"]!["endpoints"]![1]);
        Assert.Equal($"127.0.0.1:{file.AdminPort}", (string?)json["admin"]!["bind"]);
        Assert.Equal("1s", (string?)json["hold"]!["timeout"]);
        Assert.Equal("0s", (string?)json["shutdown"]!["drainTimeout"]);
        Assert.Null(json["backend"]);
    }

    [Fact]
    public void Text_ForOneServer_NamesTheListener()
    {
        var file = new ProxyConfigurationFile(new ProxyProcessOptions { BackendEndpoint = "127.0.0.1:1" });

        JsonNode json = JsonNode.Parse(file.Text)!;
        Assert.Equal("default", (string?)json["listeners"]![0]!["name"]);
        Assert.Null(json["listeners"]![0]!["master"]);
        Assert.Equal("127.0.0.1:1", (string?)json["backend"]!["endpoint"]);
        Assert.Null(json["sentinel"]);
    }
}
