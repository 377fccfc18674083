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
        JsonNode slow = Assert.Single(answer["requests"]!.AsArray())!;
        Assert.Equal((1, "SET", "worker-1"), ((int)answer["total"]!, (string?)slow["command"], (string?)slow["name"]));
        Assert.InRange((double)slow["seconds"]!, 0.1, 30);
        Assert.Contains($"  {Key}  ", await TextAsync(), StringComparison.Ordinal);

        MetricsSnapshot metrics = await _proxy.ScrapeAsync();
        Assert.Equal(1, metrics.Value("redisproxy_slow_requests_total"));
        Assert.Equal(1, metrics.Value("redisproxy_request_seconds_count", ("class", "write"), ("stage", "backend")));
        Assert.Equal(100, metrics.Value("redisproxy_request_seconds_count", ("class", "read"), ("stage", "backend")));
        Assert.InRange(metrics.Value("redisproxy_request_seconds_sum", ("class", "write"), ("stage", "backend")), 0.1, 30);
        Assert.InRange(metrics.Value("redisproxy_request_seconds_sum", ("class", "read"), ("stage", "backend")), 0.0001, 10);
    }

    [Theory]
    [InlineData("slowlog?limit=0", "limit must be a number from 1 to 1000")]
    [InlineData("slowlog?listener=x", "there is no listener 'x'")]
    [InlineData("slowlog?count=3", "there is no parameter 'count'; known parameters: listener, limit")]
    public async Task BadQuestion_IsAnsweredWithWhatIsWrong(string path, string expected)
    {
        using HttpResponseMessage response = await _proxy.Http.GetAsync(new Uri(path, UriKind.Relative));
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains(expected, await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
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

    private async Task<HttpResponseMessage> AskAsync(string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("slowlog", UriKind.Relative));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        request.Headers.Accept.ParseAdd("text/plain");
        return await _proxy.Http.SendAsync(request);
    }
}
