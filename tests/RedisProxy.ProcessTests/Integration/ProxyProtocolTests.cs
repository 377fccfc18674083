using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Integration;

/// <summary>Load balancers in front of the proxy and behind it, which say whose connection they pass on.</summary>
public sealed class ProxyProtocolTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private RedisServer _redis = null!;

    public async ValueTask InitializeAsync() => _redis = await RedisServer.StartAsync();

    public async ValueTask DisposeAsync() => await _redis.DisposeAsync();

    [Theory]
    [InlineData("send-proxy")]
    [InlineData("send-proxy-v2")]
    [InlineData("send-proxy-v2 proxy-v2-options unique-id,crc32c")]
    public async Task Haproxy_InFront_TellsWhoTheClientIs(string words)
    {
        await using ProxyProcess proxy = await StartAsync(_redis.Endpoint, trusted: "127.0.0.0/8");
        await using HaproxyServer balancer = await HaproxyServer.StartAsync(proxy.Port, serverWords: words);
        using RawClient client = await RawClient.ConnectAsync(balancer.Port);
        Assert.Equal("PONG", (await client.CallAsync("PING")).Text);
        Assert.Equal([AddressOf(client)], await ClientsAsync(proxy));

        // Two: it was looked whether HAProxy listens.
        MetricsSnapshot metrics = await proxy.ScrapeAsync();
        Assert.Equal(2, metrics.Sum("redisproxy_proxy_headers_total", ("result", "done")));
        Assert.Equal(0, metrics.Sum("redisproxy_proxy_headers_total", ("result", "failed")));
    }

    [Fact]
    public async Task Header_OfWhoIsNotTrusted_IsNoHeader()
    {
        await using ProxyProcess proxy = await StartAsync(_redis.Endpoint, trusted: "192.0.2.0/24");
        using RawClient client = await proxy.ConnectAsync();
        await client.SendAsync("PROXY TCP4 192.0.2.1 198.51.100.2 51234 6380\r\n");
        Assert.StartsWith("ERR unknown command 'PROXY'", (await client.ReadReplyAsync()).Text, StringComparison.Ordinal);
        Assert.Equal([AddressOf(client)], await ClientsAsync(proxy));
    }

    [Fact]
    public async Task Header_InPieces_IsReadToItsLastByteAndWhatFollowsIsARequest()
    {
        await using ProxyProcess proxy = await StartAsync(_redis.Endpoint, trusted: "127.0.0.0/8");
        using RawClient client = await proxy.ConnectAsync();
        foreach (char letter in "PROXY TCP4 192.0.2.1 198.51.100.2 51234 6380\r\nPIN")
        {
            await client.SendAsync(letter.ToString());
        }

        await client.SendAsync("G\r\n");
        Assert.Equal("PONG", (await client.ReadReplyAsync()).Text);
        Assert.Equal(["192.0.2.1:51234"], await ClientsAsync(proxy));
    }

    [Theory]
    [InlineData("*1\r\n$4\r\nPING\r\n", "no PROXY header: it sent something else")]
    [InlineData("PROXY TCP4 1.1.1.1\r\n", "no PROXY header: it sent something else")]
    public async Task Balancer_WithoutAHeader_IsEndedInOrderAndNamedInTheLog(string sent, string reason)
    {
        await using ProxyProcess proxy = await StartAsync(_redis.Endpoint, trusted: "127.0.0.0/8");
        using RawClient client = await proxy.ConnectAsync();
        await client.SendAsync(sent);
        Assert.Equal(new ConnectionEnd("", WasReset: false), await client.ReadToEndAsync());
        await Eventually.Within(
            Patience, () => proxy.Process.LogTail.Contains(reason, StringComparison.Ordinal), "the log says why");
        MetricsSnapshot metrics = await proxy.ScrapeAsync();
        Assert.Equal(1, metrics.Sum("redisproxy_proxy_headers_total", ("result", "failed")));
        Assert.Empty(await ClientsAsync(proxy));
    }

    [Fact]
    public async Task Limit_PerAddress_CountsTheClientsAndNotTheBalancer()
    {
        await using ProxyProcess proxy = await StartAsync(
            _redis.Endpoint, trusted: "127.0.0.0/8", ("client.maxSessionsPerAddress", 1));
        using RawClient first = await ConnectAsAsync(proxy, "192.0.2.1");
        using RawClient other = await ConnectAsAsync(proxy, "192.0.2.2");
        Assert.Equal("PONG", (await first.CallAsync("PING")).Text);
        Assert.Equal("PONG", (await other.CallAsync("PING")).Text);
        using RawClient second = await ConnectAsAsync(proxy, "192.0.2.1");
        Assert.Equal("ERR max number of clients reached", (await second.ReadReplyAsync()).Text);
    }

    [Fact]
    public async Task Haproxy_Behind_TakesTheHeadersOfSessionsAndOfTheProxyItself()
    {
        await using HaproxyServer behind = await HaproxyServer.StartAsync(_redis.Port, bindWords: "accept-proxy");
        await using ProxyProcess proxy = await StartAsync(behind.Endpoint, trusted: null, ("backend.proxyProtocol", true));
        using RawClient client = await proxy.ConnectAsync();
        Assert.Equal("PONG", (await client.CallAsync("PING")).Text);
    }

    [Fact]
    public async Task Proxy_BehindAProxy_KnowsTheClients()
    {
        await using ProxyProcess second = await StartAsync(_redis.Endpoint, trusted: "127.0.0.0/8");
        string address = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{second.Port}");
        await using ProxyProcess first = await StartAsync(address, trusted: null, ("backend.proxyProtocol", true));
        using RawClient client = await first.ConnectAsync();
        Assert.Equal("PONG", (await client.CallAsync("PING")).Text);

        // Beside the client's, those of the first proxy's own questions, which are nobody's: they keep the address they come from.
        Assert.Contains(AddressOf(client), await ClientsAsync(second));
    }

    private static Task<ProxyProcess> StartAsync(string backend, string? trusted, params (string Key, JsonNode Value)[] settings)
    {
        var listener = new ProxyListener
        {
            Settings = trusted is null
                ? new Dictionary<string, JsonNode?>()
                : new Dictionary<string, JsonNode?> { ["proxyProtocol"] = new JsonArray(trusted) },
        };
        var options = new ProxyProcessOptions { BackendEndpoint = backend, Listeners = [listener] };
        return ProxyProcess.StartAsync(settings.Aggregate(options, (all, one) => all.With(one.Key, one.Value)));
    }

    private static async Task<RawClient> ConnectAsAsync(ProxyProcess proxy, string address)
    {
        RawClient client = await proxy.ConnectAsync();
        await client.SendAsync($"PROXY TCP4 {address} 198.51.100.2 51234 6380\r\n");
        return client;
    }

    private static string AddressOf(RawClient client) => $"127.0.0.1:{((IPEndPoint)client.Socket.LocalEndPoint!).Port}";

    private static async Task<string[]> ClientsAsync(ProxyProcess proxy)
    {
        JsonNode sessions = JsonNode.Parse(await proxy.Http.GetStringAsync(new Uri("sessions", UriKind.Relative)))!;
        return [.. sessions["sessions"]!.AsArray().Select(session => (string)session!["client"]!)];
    }
}
