using System.Text.Json.Nodes;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Page;

/// <summary>
/// The status page as a browser shows it, during a real failover. <c>REDISPROXY_WRITE_DOCS=1</c> keeps the pictures of it in docs.
/// </summary>
public sealed class StatusPageTests
{
    private const string Hostile = "<img src=x onerror=\"document.title='owned'\">";

    [Fact]
    public async Task Page_DuringAFailover_ShowsItLiveInEverySizeAndColour()
    {
        await using SentinelDeployment deployment = await SentinelDeployment.StartAsync();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(deployment));
        await using CountingWriter writers = CountingWriter.Start(proxy.Port, new CountingWriterOptions { Writers = 12 });
        await using Browser browser = await Browser.StartAsync();
        await browser.ShowAsAsync(1200, 900, isDark: false);
        await browser.OpenAsync(proxy.Http.BaseAddress!);
        await browser.EventuallyAsync("document.getElementById('state').textContent === 'serving'", "the page is live");
        Assert.Equal("false", await ContainsAsync(browser, "→"));
        await browser.EvaluateAsync("window.isSamePage = true");

        RedisServer old = deployment.Servers[0];
        await deployment.FailoverAsync();
        RedisServer master = await deployment.WaitForMasterAsync(old, TimeSpan.FromSeconds(30));
        await browser.EventuallyAsync(
            $"[...document.querySelectorAll('.failover')].some(f => f.textContent.includes('{old.Endpoint} → {master.Endpoint}'))",
            "the failover has its timeline");
        await browser.EventuallyAsync(
            $"[...document.querySelectorAll('svg.picture text')].some(t => t.textContent === '{master.Endpoint}')",
            "the picture has the new master");
        await browser.EventuallyAsync(
            "[...document.querySelectorAll('td')].filter(t => t.textContent === 'agrees').length === 3", "all Sentinels agree");
        Assert.Equal("true", await browser.EvaluateAsync("window.isSamePage"));

        // Who comes late sees the same three minutes: more seconds than this page has lived. (A hold may lie between two of them.)
        await browser.EventuallyAsync("history.requests.length >= 8", "some seconds have passed");
        await browser.OpenAsync(proxy.Http.BaseAddress!);
        await browser.EventuallyAsync("history.requests.length > performance.now() / 1000 + 3", "the proxy has kept the history");
        Assert.Equal("true", await browser.EvaluateAsync("Math.max(...history.requests) > 0"));
        await browser.EvaluateAsync("(document.getElementById('setup').open = true)");
        await browser.EventuallyAsync(
            "document.getElementById('config').textContent.includes('sentinel.endpoints')", "the configuration is shown");
        await browser.EvaluateAsync("(document.getElementById('setup').open = false)");

        await AssertSizesAndColoursAsync(browser);
        await AssertKeyboardAsync(browser);
        Assert.Empty(browser.Errors);
        string[] places = [.. browser.Requests.Where(url => !url.StartsWith("data:", StringComparison.Ordinal))];
        Assert.All(places, url => Assert.StartsWith(proxy.Http.BaseAddress!.ToString(), url, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Page_WithAHostileMasterName_ShowsItAsTextAndSaysWhenTheProxyIsGone()
    {
        // Names of listeners come from the configuration; what comes from clients goes the same way into the page.
        await using RedisServer server = await RedisServer.StartAsync();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(server));
        await using Browser browser = await Browser.StartAsync();
        await browser.OpenAsync(proxy.Http.BaseAddress!);
        await browser.EventuallyAsync("document.getElementById('state').textContent === 'serving'", "the page is live");
        string name = Hostile.Replace("'", "\\'", StringComparison.Ordinal);
        await browser.EvaluateAsync(
            "fetch('status').then(r => r.json()).then(s => { s.masters[0].name = s.masters[0].announced = s.masters[0].reason = "
            + $"s.listeners[0].name = s.listeners[0].master = '{name}'; show(s); window.isShown = true; }})");
        await browser.EventuallyAsync("window.isShown === true", "it is shown");
        Assert.Equal("RedisProxy", await browser.EvaluateAsync("document.title"));
        Assert.Equal("0", await browser.EvaluateAsync("document.querySelectorAll('img').length"));

        proxy.Process.Freeze();
        await browser.EventuallyAsync("document.getElementById('lost').hidden === false", "the page says that a frozen proxy is silent");
        proxy.Process.Thaw();
        await browser.EventuallyAsync("document.getElementById('lost').hidden === true", "it is live again by itself");

        await proxy.StopAsync();
        await browser.EventuallyAsync("document.getElementById('lost').hidden === false", "the page says that the proxy is gone");
    }

    [Fact]
    public async Task Page_OfManyMasters_HasALineForEach_AndCountsWhatItLeavesOut()
    {
        await using RedisServer server = await RedisServer.StartAsync();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(server));
        await using Browser browser = await Browser.StartAsync();
        await browser.ShowAsAsync(360, 800, isDark: false);
        await browser.OpenAsync(proxy.Http.BaseAddress!);
        await browser.EventuallyAsync("document.getElementById('state').textContent === 'serving'", "the page is live");
        string name = Hostile.Replace("'", "\\'", StringComparison.Ordinal);
        await browser.EvaluateAsync(
            $$"""
            fetch('status').then(r => r.json()).then(s => {
              const [m] = s.masters;
              const finding = { severity: 'critical', where: '{{name}}', topic: '{{name}}', text: '{{name}}' };
              const cost = { held: 1, longestWaitSeconds: 1.5, notExecuted: 2, unknown: 3, resent: 4, sessionsEnded: { pinned: 5 } };
              const whole = { holdBeganAfterSeconds: 0, why: '{{name}}', sessionsWaiting: 6, oldGoneAfterSeconds: null,
                promotionSeenAfterSeconds: null, allContinuedAfterSeconds: null, total: cost, listeners: { '{{name}}': cost, b: cost } };
              const failover = { number: 1, kind: 'planned', firstSignAt: '2026-11-30T12:00:00Z', acceptedAfterSeconds: 1,
                availableAfterSeconds: 1, old: '{{name}}', new: 'b', epoch: 1, who: '{{name}}', cost: whole };
              s.masters = [1, 2, 3, 4, 5].map(i => ({ ...m, name: `m${i} {{name}}`, replicas: ['a', 'b', 'c', 'd', 'e', 'f'],
                findings: [finding], moreFindings: 7, lastFailovers: Array(5).fill(failover), failovers: { planned: 30 },
                outage: { text: '{{name}}', notExecutedInSeconds: 1 } }));
              events.close();
              show(s);
              document.querySelectorAll('details.master')[1].open = true;
              window.isShown = true;
            })
            """);
        await browser.EventuallyAsync("window.isShown === true && document.querySelectorAll('svg.picture').length === 1", "one is opened");
        Assert.Equal("5", await browser.EvaluateAsync("document.querySelectorAll('details.master').length"));
        Assert.Equal("0", await browser.EvaluateAsync("document.querySelectorAll('img').length"));
        string text = await browser.EvaluateAsync("document.body.textContent");
        Assert.Contains("and 3 more", text, StringComparison.Ordinal);
        Assert.Contains("and 35 more", text, StringComparison.Ordinal);
        Assert.Contains("and 130 more since the start", text, StringComparison.Ordinal);
        Assert.Contains(
            "held 1, longest wait 1.500 s, not executed 2, unknown 3, resent 4, sessions ended: pinned 5, 6 session(s) still waiting",
            text,
            StringComparison.Ordinal);
        Assert.Equal("true", await browser.EvaluateAsync("document.documentElement.scrollWidth <= 360"));
        Assert.Empty(browser.Errors);
    }

    [Fact]
    public async Task Page_OfAListenerWhoseSessionsShareConnections_SaysHowManyShare()
    {
        await using RedisServer server = await RedisServer.StartAsync();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(server).With("loops.count", 1) with
        {
            Listeners = [ListenerOf("own", links: 0), ListenerOf("many", links: 1)],
        });
        using RawClient first = await RawClient.ConnectAsync(proxy.Ports[1]);
        using RawClient second = await RawClient.ConnectAsync(proxy.Ports[1]);
        using RawClient blocked = await RawClient.ConnectAsync(proxy.Ports[1]);
        await first.CallAsync("GET", "k");
        await second.CallAsync("GET", "k");
        await blocked.SendAsync(RawClient.Command("BLPOP", "nothing", "0"));
        await using Browser browser = await Browser.StartAsync();
        await browser.ShowAsAsync(360, 800, isDark: false);
        await browser.OpenAsync(proxy.Http.BaseAddress!);
        await browser.EventuallyAsync(
            "document.getElementById('sessions').textContent.includes("
            + "'2 sessions share 1 connection to the server, 1 has its own, 0 have none; 0 connections are kept')",
            "it says so, live");
        Assert.Equal("2", await browser.EvaluateAsync("document.getElementById('sessions').textContent.split(' to the server').length"));
        Assert.Equal("true", await browser.EvaluateAsync("document.documentElement.scrollWidth <= 360"));
        Assert.Empty(browser.Errors);
    }

    private static ProxyListener ListenerOf(string name, int links) => new()
    {
        Name = name,
        Settings = new Dictionary<string, JsonNode?> { ["multiplex"] = new JsonObject { ["links"] = links } },
    };

    private static async Task AssertSizesAndColoursAsync(Browser browser)
    {
        if (Pictures.AreKept)
        {
            await browser.EventuallyAsync("history.requests.length >= 25", "the plots have something to show");
        }

        await Pictures.KeepAsync(browser, "status-page.png");
        string light = await browser.EvaluateAsync("getComputedStyle(document.body).backgroundColor");
        await browser.ShowAsAsync(1200, 900, isDark: true);
        string dark = await browser.EvaluateAsync("getComputedStyle(document.body).backgroundColor");
        Assert.NotEqual(light, dark);
        await Pictures.KeepAsync(browser, "status-page-dark.png");
        await browser.ShowAsAsync(360, 800, isDark: false);
        await browser.EventuallyAsync(
            "document.querySelector('svg.picture').viewBox.baseVal.width === 340", "the picture is drawn for a phone");
        Assert.Equal("true", await browser.EvaluateAsync("document.documentElement.scrollWidth <= 360"));
        await Pictures.KeepAsync(browser, "status-page-phone.png");
    }

    // To every link and to the table, which may have to be scrolled; and not away from it when the page is drawn anew.
    private static async Task AssertKeyboardAsync(Browser browser)
    {
        await browser.EvaluateAsync("document.body.focus()");
        var reached = new List<string>();
        for (int i = 0; i < 9; i++)
        {
            await browser.PressTabAsync();
            reached.Add(await browser.EvaluateAsync(
                "document.activeElement.getAttribute('aria-label') || document.activeElement.textContent"));
        }

        Assert.Equal(
            ["Skip to content", "status", "sessions", "slowlog", "audit", "config", "metrics", "ready", "Sentinels of mymaster"], reached);
        await browser.EvaluateAsync("window.before = document.activeElement");
        await browser.EventuallyAsync("document.contains(window.before) === false", "the page was drawn anew");
        Assert.Equal("Sentinels of mymaster", await browser.EvaluateAsync("document.activeElement.getAttribute('aria-label')"));
    }

    private static Task<string> ContainsAsync(Browser browser, string text) =>
        browser.EvaluateAsync($"document.getElementById('failovers').textContent.includes('{text}')");
}
