using System.Text.Json.Nodes;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Integration;

/// <summary>What operators see of a listener whose sessions share connections, beside one whose sessions do not.</summary>
public sealed class LinksTests : IAsyncLifetime
{
    private const int Callers = 5;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    private readonly List<RawClient> _clients = [];
    private RedisServer _redis = null!;
    private ProxyProcess _proxy = null!;

    public async ValueTask InitializeAsync()
    {
        _redis = await RedisServer.StartAsync();
        ProxyProcessOptions options = ProxyProcessOptions.For(_redis).With("loops.count", 1) with
        {
            Listeners = [ListenerOf("own", links: 0), ListenerOf("many", links: 1)],
        };
        _proxy = await ProxyProcess.StartAsync(options);
    }

    public async ValueTask DisposeAsync()
    {
        _clients.ForEach(static client => client.Dispose());
        await _proxy.DisposeAsync();
        await _redis.DisposeAsync();
    }

    [Fact]
    public async Task Links_OfASharedListener_AreShownEverywhereAndOfTheOtherNowhere()
    {
        await ConnectAllAsync();
        MetricsSnapshot metrics = null!;
        await Eventually.Within(
            Patience,
            async () => (metrics = await _proxy.ScrapeAsync()).Value("redisproxy_links", ("kind", "dedicated")) == 1,
            "the pop has a connection of its own");
        Assert.Equal((1, 0), (LinksOf("shared"), LinksOf("kept")));
        Assert.Equal((Callers, 1, 1), (CountOf("shared"), CountOf("dedicated"), CountOf("none")));
        Assert.Equal(1, metrics.Value("redisproxy_links_dedicated_total", ("reason", "blocking")));
        Assert.Equal(1, metrics.Sum("redisproxy_links_dedicated_total"));
        Assert.Equal(0, metrics.Value("redisproxy_link_owed_replies"));
        Assert.Equal(0, metrics.Value("redisproxy_link_queued_sessions"));
        Assert.DoesNotContain(metrics.Samples, static sample =>
            sample.Name.StartsWith("redisproxy_link", StringComparison.Ordinal) && sample.Labels["listener"] == "own");
        await AssertStatusAsync();
        await AssertSessionsAsync();

        double LinksOf(string kind) => metrics.Value("redisproxy_links", ("kind", kind));
        double CountOf(string kind) => metrics.Value("redisproxy_link_sessions", ("kind", kind));
    }

    [Fact]
    public async Task Connection_ThatIsNoLongerNeeded_IsShownAsKept()
    {
        await (await ConnectAsync(listener: 1)).CallAsync("GET", "k");
        await (await ConnectAsync(listener: 1)).CallAsync("BLPOP", "nothing", "0.01");
        JsonNode? links = null;
        await Eventually.Within(
            Patience,
            async () => (int)(links = (await StatusAsync("many"))["links"]!)["kept"]! == 1,
            "the session of the pop does without it");
        Assert.Equal((1, 0), ((int)links!["shared"]!, (int)links["dedicated"]!));
        Assert.Equal((1, 1), ((int)links["sessions"]!["none"]!, (int)links["dedicatedTotal"]!["blocking"]!));
    }

    private static ProxyListener ListenerOf(string name, int links) => new()
    {
        Name = name,
        Settings = new Dictionary<string, JsonNode?> { ["multiplex"] = new JsonObject { ["links"] = links } },
    };

    private async Task ConnectAllAsync()
    {
        await (await ConnectAsync(listener: 0)).CallAsync("GET", "k");
        for (int i = 0; i < Callers; i++)
        {
            await (await ConnectAsync(listener: 1)).CallAsync("GET", "k");
        }

        await ConnectAsync(listener: 1);
        await (await ConnectAsync(listener: 1)).SendAsync(RawClient.Command("BLPOP", "nothing", "0"));
    }

    private async Task<RawClient> ConnectAsync(int listener)
    {
        RawClient client = await RawClient.ConnectAsync(_proxy.Ports[listener]);
        _clients.Add(client);
        return client;
    }

    private async Task AssertStatusAsync()
    {
        Assert.Null((await StatusAsync("own"))["links"]);
        Assert.Equal(
            """{"shared":1,"dedicated":1,"kept":0,"sessions":{"shared":5,"dedicated":1,"none":1},"dedicatedTotal":{"blocking":1}}""",
            (await StatusAsync("many"))["links"]!.ToJsonString());
        string text = await TextAsync("status");
        Assert.Contains(
            "\n  links      shared 1, dedicated 1, kept 0; sessions: shared 5, dedicated 1, none 1; dedicated so far: blocking 1\n",
            text,
            StringComparison.Ordinal);
        Assert.Equal(2, text.Split("  links  ").Length);
    }

    private async Task AssertSessionsAsync()
    {
        JsonObject own = Assert.Single(await ListAsync("own"))!.AsObject();
        Assert.Equal((false, false), (own.ContainsKey("link"), own.ContainsKey("reason")));
        JsonArray many = await ListAsync("many");
        Assert.Equal(
            [.. Enumerable.Repeat("shared ", Callers), "none ", "dedicated blocking"],
            many.Select(static session => $"{session!["link"]} {session["reason"]}"));
        Assert.DoesNotContain("LINK", await TextAsync("sessions?listener=own"), StringComparison.Ordinal);
        Assert.Contains("  dedicated: blocking\n", await TextAsync("sessions"), StringComparison.Ordinal);
    }

    private async Task<JsonNode> StatusAsync(string listener) => (await JsonAsync("status"))["listeners"]!.AsArray()
        .Single(of => (string?)of!["name"] == listener)!;

    private async Task<JsonArray> ListAsync(string listener) =>
        (await JsonAsync($"sessions?listener={listener}"))["sessions"]!.AsArray();

    private async Task<JsonNode> JsonAsync(string path) =>
        JsonNode.Parse(await _proxy.Http.GetStringAsync(new Uri(path, UriKind.Relative)))!;

    private async Task<string> TextAsync(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
        request.Headers.Accept.ParseAdd("text/plain");
        using HttpResponseMessage response = await _proxy.Http.SendAsync(request);
        return await response.Content.ReadAsStringAsync();
    }
}
