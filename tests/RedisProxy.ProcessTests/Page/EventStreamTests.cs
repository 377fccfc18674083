using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Page;

/// <summary>The stream behind the status page, and what guards the page, as HTTP shows them.</summary>
public sealed class EventStreamTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private RedisServer _server = null!;
    private ProxyProcess _proxy = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await RedisServer.StartAsync();
        _proxy = await ProxyProcess.StartAsync(
            ProxyProcessOptions.For(_server).With("admin.allowedHosts", new JsonArray("proxy-1.example.com")));
    }

    public async ValueTask DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Stream_SaysTheStatusEverySecond()
    {
        using HttpResponseMessage response = await OpenAsync();
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        Assert.True(response.Headers.CacheControl?.NoStore);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        JsonNode first = await NextAsync(reader);
        JsonNode second = await NextAsync(reader);
        JsonNode third = await NextAsync(reader);
        Assert.Equal(_server.Endpoint, (string?)first["masters"]![0]!["announced"]);

        // The first one comes at once, and the clock of a busy machine may be late for one of the others, but not for both.
        Assert.InRange((double)third["uptimeSeconds"]! - (double)first["uptimeSeconds"]!, 1.5, 10);
        Assert.True((double)second["uptimeSeconds"]! > (double)first["uptimeSeconds"]!, "not another status");
    }

    [Fact]
    public async Task Stream_BeyondTheLimit_IsRefusedUntilAnotherOneHasEnded()
    {
        var open = new List<HttpResponseMessage>();
        try
        {
            while (open.Count < RedisProxy.Admin.StatusPage.MaxStreams)
            {
                open.Add(await OpenAsync());
                Assert.Equal(HttpStatusCode.OK, open[^1].StatusCode);
            }

            using (HttpResponseMessage refused = await OpenAsync())
            {
                Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
                Assert.Contains("pages are open already", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            }

            open[0].Dispose();
            await Eventually.Within(Patience, HasRoomAsync, "the place of a closed stream is free");
        }
        finally
        {
            open.ForEach(response => response.Dispose());
        }
    }

    [Fact]
    public async Task Stop_WithAnOpenStream_IsNotDelayed()
    {
        using HttpResponseMessage response = await OpenAsync();
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        await NextAsync(reader);
        long start = Stopwatch.GetTimestamp();
        Assert.Equal(0, await _proxy.StopAsync());
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0, 5);
    }

    [Theory]
    [InlineData("evil.example.net", "status", HttpStatusCode.Forbidden)]
    [InlineData("evil.example.net:9180", "events", HttpStatusCode.Forbidden)]
    [InlineData("127.0.0.1.evil.example.net", "", HttpStatusCode.Forbidden)]
    [InlineData("evil.example.net", "healthz/live", HttpStatusCode.OK)]
    [InlineData("proxy-1.example.com", "status", HttpStatusCode.OK)]
    [InlineData("localhost", "status", HttpStatusCode.OK)]
    [InlineData("redisproxy", "metrics", HttpStatusCode.OK)]
    [InlineData("redisproxy.default.svc", "metrics", HttpStatusCode.OK)]
    [InlineData("[::1]:9180", "", HttpStatusCode.OK)]
    public async Task Host_OfAnotherSite_IsRefused(string host, string path, HttpStatusCode status)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
        request.Headers.Host = host;
        using HttpResponseMessage response = await _proxy.Http.SendAsync(request);
        Assert.Equal(status, response.StatusCode);
        string text = await response.Content.ReadAsStringAsync();
        Assert.Equal(status == HttpStatusCode.Forbidden, text.Contains("admin.allowedHosts", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Page_AllowsNothingButItself()
    {
        using HttpResponseMessage page = await _proxy.Http.GetAsync(new Uri("", UriKind.Relative));
        string policy = Assert.Single(page.Headers.GetValues("Content-Security-Policy"));
        Assert.StartsWith("default-src 'none'; script-src 'sha256-", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.Equal("nosniff", Assert.Single(page.Headers.GetValues("X-Content-Type-Options")));
        Assert.True(page.Headers.CacheControl?.NoStore);
        string text = await page.Content.ReadAsStringAsync();
        Assert.DoesNotContain("innerHTML", text, StringComparison.Ordinal);
        Assert.Contains("<noscript>", text, StringComparison.Ordinal);
    }

    private Task<HttpResponseMessage> OpenAsync() =>
        _proxy.Http.GetAsync(new Uri("events", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);

    private async Task<bool> HasRoomAsync()
    {
        using HttpResponseMessage response = await OpenAsync();
        return response.StatusCode == HttpStatusCode.OK;
    }

    private static async Task<JsonNode> NextAsync(StreamReader reader)
    {
        const string Data = "data: ";
        string line = await reader.ReadLineAsync().WaitAsync(Patience, TimeProvider.System) ?? "the stream has ended";
        Assert.StartsWith(Data, line, StringComparison.Ordinal);
        Assert.Equal("", await reader.ReadLineAsync());
        return JsonNode.Parse(line[Data.Length..])!;
    }
}
