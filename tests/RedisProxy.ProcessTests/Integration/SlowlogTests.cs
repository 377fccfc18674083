using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Integration;

/// <summary>What operators see of requests that a server takes long for, and of the time that all of them take.</summary>
public sealed class SlowlogTests : IAsyncLifetime
{
    private const string Token = "t0ken";
    private const string Key = "key:7";

    private RedisServer _redis = null!;
    private ProxyProcess _proxy = null!;

    public async ValueTask InitializeAsync()
    {
        _redis = await RedisServer.StartAsync(new RedisServerOptions { Lines = ["enable-debug-command local"] });
        _proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(_redis).With("admin.token", Token));
    }

    public async ValueTask DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _redis.DisposeAsync();
    }

    [Fact]
    public async Task SlowRequest_IsListed_ItsKeyOnlyForTheToken_AndCounted()
    {
        using RawClient blocker = await _redis.ConnectAsync();
        using RawClient client = await _proxy.ConnectAsync();
        await client.CallAsync("CLIENT", "SETNAME", "worker-1");
        await blocker.SendAsync("*3\r\n$5\r\nDEBUG\r\n$5\r\nSLEEP\r\n$3\r\n0.3\r\n");
        await client.CallAsync("SET", Key, "the value");
        for (int i = 0; i < 100; i++)
        {
            await client.CallAsync("GET", Key);
        }

        string open = await _proxy.Http.GetStringAsync(new Uri("slowlog", UriKind.Relative));
        Assert.DoesNotContain(Key, open, StringComparison.Ordinal);
        JsonNode answer = JsonNode.Parse(open)!;
        JsonNode slow = Assert.Single(answer["requests"]!.AsArray(), one => (string?)one!["command"] == "SET")!;
        Assert.Equal("worker-1", (string?)slow["name"]);
        Assert.InRange((double)slow["seconds"]!, 0.1, 30);
        Assert.Contains($"  {Key}  ", await TextAsync(), StringComparison.Ordinal);

        MetricsSnapshot metrics = await _proxy.ScrapeAsync();
        Assert.InRange(metrics.Value("redisproxy_slow_requests_total"), (int)answer["total"]!, double.MaxValue);
        Assert.Equal(1, metrics.Value("redisproxy_request_seconds_count", ("class", "write"), ("stage", "backend")));
        Assert.Equal(100, metrics.Value("redisproxy_request_seconds_count", ("class", "read"), ("stage", "backend")));
        Assert.InRange(metrics.Value("redisproxy_request_seconds_sum", ("class", "write"), ("stage", "backend")), 0.1, 30);
        Assert.InRange(metrics.Value("redisproxy_request_seconds_sum", ("class", "read"), ("stage", "backend")), 0.0001, 10);
    }

    [Fact]
    public async Task Keys_AreSampledForAWhile_TheHotAndTheBigOnesFirst_AndOnlyForTheToken()
    {
        const int Bytes = 300_000;
        using RawClient client = await _proxy.ConnectAsync();
        await client.CallAsync("SET", "big", new string('v', Bytes));
        using (HttpResponseMessage refused = await _proxy.Http.GetAsync(new Uri("hotkeys?for=1s", UriKind.Relative)))
        {
            Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        }

        Task<HttpResponseMessage> sampling = AskAsync(Token, "hotkeys?for=2s&limit=2", "application/json");
        HttpStatusCode second = HttpStatusCode.OK;
        while (!sampling.IsCompleted)
        {
            for (int i = 0; i < 10; i++)
            {
                await client.CallAsync("INCR", "hot");
            }

            await client.CallAsync("GET", "big");
            await client.CallAsync("MGET", "warm", "hot");
            await client.CallAsync("AUTH", "canary");
            await client.CallAsync("EVAL", "return 'canary'", "0");
            using HttpResponseMessage other = second == HttpStatusCode.OK ? await AskAsync(Token, "hotkeys?for=100ms") : new();
            second = other.StatusCode == HttpStatusCode.Conflict ? HttpStatusCode.Conflict : second;
        }

        using HttpResponseMessage response = await sampling;
        string text = await response.Content.ReadAsStringAsync();
        JsonNode answer = JsonNode.Parse(text)!;
        Assert.DoesNotContain("canary", text, StringComparison.Ordinal);
        Assert.Equal((3, 2, 2), ((int)answer["keys"]!, answer["hot"]!.AsArray().Count, answer["big"]!.AsArray().Count));
        Assert.Equal(("hot", "big"), ((string?)answer["hot"]![0]!["key"], (string?)answer["big"]![0]!["key"]));
        Assert.InRange((long)answer["big"]![0]!["largestBytes"]!, Bytes, Bytes + 100);
        Assert.Equal(HttpStatusCode.Conflict, second);

        using HttpResponseMessage quiet = await AskAsync(Token, "hotkeys?for=100ms");
        Assert.Equal("0 requests sampled in 0.1 s, 0 keys\n", await quiet.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task WrongToken_IsRefused()
    {
        using HttpResponseMessage response = await AskAsync("wrong");
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    private async Task<string> TextAsync()
    {
        using HttpResponseMessage response = await AskAsync(Token);
        return await response.Content.ReadAsStringAsync();
    }

    private async Task<HttpResponseMessage> AskAsync(string token, string path = "slowlog", string type = "text/plain")
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        request.Headers.Accept.ParseAdd(type);
        return await _proxy.Http.SendAsync(request);
    }
}
