using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Page;

/// <summary>The slow requests on the status page: live, and without what only the token's owner may see.</summary>
public sealed class SlowRequestsTests
{
    private const string Token = "t0ken";
    private const string Key = "secret:key";
    private const string Hostile = "<img/src=x>";

    [Fact]
    public async Task Page_ShowsSlowRequestsLive_WithoutTheirKeys_AlsoOnAPhone()
    {
        await using RedisServer server = await RedisServer.StartAsync(new RedisServerOptions { Lines = ["enable-debug-command local"] });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            ProxyProcessOptions.For(server).With("admin.token", Token).With("slowlog.threshold", "60ms"));
        await using Browser browser = await Browser.StartAsync();
        await browser.ShowAsAsync(360, 800, isDark: false);
        await browser.OpenAsync(proxy.Http.BaseAddress!);
        await browser.EventuallyAsync(
            "document.getElementById('slow').textContent === 'No server has taken 60 ms (slowlog.threshold in the configuration) or longer "
            + "for a request since the start.'",
            "the page says what would be slow");
        Assert.Equal(
            "Not kept: slowlog.threshold is 0.",
            await browser.EvaluateAsync("slowRows({ thresholdSeconds: 0, requests: [] })[0].textContent"));

        using RawClient client = await proxy.ConnectAsync();
        await client.CallAsync("CLIENT", "SETNAME", Hostile);
        using RawClient blocker = await server.ConnectAsync();
        await Eventually.Within(
            TimeSpan.FromSeconds(20), async () => await SlowAfterASleepAsync(blocker, client, proxy) >= 2, "two requests were slow");
        await browser.EventuallyAsync("document.querySelectorAll('#slow tbody tr').length >= 2", "they are shown, live");
        string row = await browser.EvaluateAsync("document.querySelector('#slow tbody tr').textContent");
        Assert.Contains(Hostile, row, StringComparison.Ordinal);
        Assert.Contains("SET", row, StringComparison.Ordinal);
        Assert.Contains("127.0.0.1:", row, StringComparison.Ordinal);
        Assert.Matches("[0-9]+ ms", row);
        Assert.DoesNotContain(Key, await browser.EvaluateAsync("document.documentElement.innerHTML"), StringComparison.Ordinal);
        Assert.Equal("0", await browser.EvaluateAsync("document.querySelectorAll('img').length"));
        Assert.Equal("true", await browser.EvaluateAsync("document.documentElement.scrollWidth <= 360"));
        Assert.Empty(browser.Errors);
    }

    // The request may have reached the server before it slept.
    private static async Task<double> SlowAfterASleepAsync(RawClient blocker, RawClient client, ProxyProcess proxy)
    {
        await blocker.SendAsync(RawClient.Command("DEBUG", "SLEEP", "0.15"));
        await client.CallAsync("SET", Key, "a value");
        return (await proxy.ScrapeAsync()).Value("redisproxy_slow_requests_total");
    }
}
