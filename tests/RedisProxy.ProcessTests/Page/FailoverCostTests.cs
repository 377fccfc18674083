using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;

using RedisProxy.Testing;
using RedisProxy.Tests.Notify;

namespace RedisProxy.ProcessTests.Page;

/// <summary>What a failover cost is told in the same figures everywhere, and they are what the clients have seen.</summary>
public sealed class FailoverCostTests(ITestOutputHelper output)
{
    private const int Writers = 8;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    [Fact]
    public async Task PlannedFailoverAndKill_CostTheSameWhereverOneLooks_AndWhatClientsSaw()
    {
        await using HookReceiver hook = await HookReceiver.StartAsync();
        await using SentinelDeployment deployment = await SentinelDeployment.StartAsync();
        var receiver = new JsonObject { ["name"] = "ops", ["webhook"] = new JsonObject { ["url"] = hook.Url } };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            ProxyProcessOptions.For(deployment).With("notify", new JsonArray(receiver)).With("hold.timeout", "1200ms"));
        await using Browser browser = await Browser.StartAsync();
        await browser.ShowAsAsync(1200, 900, isDark: false);
        await browser.OpenAsync(proxy.Http.BaseAddress!);

        RedisServer first = deployment.Servers[0];
        RedisServer second = await FailOverAsync("planned", first, async () => await deployment.FailoverAsync());
        await deployment.WaitUntilHealthyAsync(Patience);
        await FailOverAsync("unplanned", second, second.KillAsync);

        async Task<RedisServer> FailOverAsync(string kind, RedisServer old, Func<Task> begin)
        {
            await using CountingWriter writers = CountingWriter.Start(
                proxy.Port, new CountingWriterOptions { Writers = Writers, KeyPrefix = $"{kind}:" });
            await writers.WaitForAcknowledgedAsync(500, Patience);
            await begin();
            if (kind == "unplanned" || Pictures.AreKept)
            {
                // A planned one may be over before a busy machine has looked.
                await browser.EventuallyAsync("document.querySelector('p.now') !== null", "the page says what happens while it happens");
                await Pictures.KeepAsync(browser, kind == "planned" ? "status-page-failover.png" : "status-page-outage.png");
            }


            RedisServer master = await deployment.WaitForMasterAsync(old, Patience);
            await writers.WaitForAcknowledgedAsync(500, Patience);
            JsonNode failover = await SettledAsync(proxy, kind);
            LossReport seen = await writers.CompareAsync(master);
            output.WriteLine($"clients: {seen}");
            AssertSeen(seen, failover["cost"]!);
            await AssertEverywhereAsync(proxy, browser, hook, kind, failover);
            return master;
        }
    }

    private static async Task<JsonNode> SettledAsync(ProxyProcess proxy, string kind)
    {
        JsonNode? found = null;
        await Eventually.Within(
            Patience,
            async () =>
            {
                JsonNode status = JsonNode.Parse(await proxy.Http.GetStringAsync(new Uri("status", UriKind.Relative)))!;
                found = status["masters"]![0]!["lastFailovers"]!.AsArray()
                    .FirstOrDefault(one => (string)one!["kind"]! == kind && one["cost"] is not null);
                return found is not null;
            },
            $"the cost of the {kind} failover is known");
        return found!;
    }

    private static void AssertSeen(LossReport seen, JsonNode cost)
    {
        JsonNode total = cost["total"]!;
        Assert.Equal((seen.NotExecuted, seen.Unknown, 0), ((int)total["notExecuted"]!, (int)total["unknown"]!, seen.Broken));
        Assert.InRange((int)total["held"]!, Writers, int.MaxValue);
        Assert.Equal(0, (int)cost["sessionsWaiting"]!);
        Assert.Empty(total["sessionsEnded"]!.AsObject());

        // A request that is given up is followed by one that waits anew: the pause of its client is longer than either.
        double pause = seen.LongestPauseOfOne.Length.TotalSeconds;
        double longest = (double)total["longestWaitSeconds"]!;
        Assert.InRange(longest, seen.NotExecuted > 0 ? 1.19 : pause - 0.75, pause + 0.05);
        double held = (double)cost["allContinuedAfterSeconds"]! - (double)cost["holdBeganAfterSeconds"]!;
        Assert.InRange(held, pause - 0.75, pause + 0.5);
    }

    private async Task AssertEverywhereAsync(ProxyProcess proxy, Browser browser, HookReceiver hook, string kind, JsonNode failover)
    {
        JsonNode cost = failover["cost"]!;
        JsonNode total = cost["total"]!;
        string words = Words(total);
        using var request = new HttpRequestMessage(HttpMethod.Get, "status");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/plain"));
        using HttpResponseMessage answer = await proxy.Http.SendAsync(request);
        string text = await answer.Content.ReadAsStringAsync();
        output.WriteLine(text);
        Assert.Contains(words, text, StringComparison.Ordinal);

        await Eventually.Within(Patience, () => hook.Requests.Any(IsIt), "the webhook is told");
        HookRequest told = Assert.Single(hook.Requests, IsIt);
        output.WriteLine(told.Body);
        Assert.True(JsonNode.DeepEquals(cost, JsonNode.Parse(told.Json.GetProperty("failover").GetProperty("cost").GetRawText())));
        Assert.Contains(words, told.Json.GetProperty("text").GetString(), StringComparison.Ordinal);

        string log = await File.ReadAllTextAsync(proxy.Process.LogFile);
        string line = Assert.Single(log.Split('\n'), line => line.Contains("[3025]", StringComparison.Ordinal)
            && line.Contains($": {kind} #", StringComparison.Ordinal));
        output.WriteLine(line);
        Assert.Contains(words, line, StringComparison.Ordinal);

        MetricsSnapshot metrics = await proxy.ScrapeAsync();
        double Requests(string outcome) => metrics.Value("redisproxy_failover_requests_total", ("kind", kind), ("outcome", outcome));
        Assert.Equal(
            words,
            string.Create(CultureInfo.InvariantCulture, $"held {Requests("held")}, longest wait ")
                + string.Create(
                    CultureInfo.InvariantCulture,
                    $"{metrics.Value("redisproxy_failover_longest_wait_seconds", ("kind", kind)):0.000} s, not executed ")
                + string.Create(
                    CultureInfo.InvariantCulture,
                    $"{Requests("not_executed")}, unknown {Requests("unknown")}, resent {Requests("resent")}"));
        Assert.Equal(0, metrics.Value("redisproxy_failover_sessions_ended_total", ("kind", kind)));

        await browser.EventuallyAsync(
            $"[...document.querySelectorAll('.failover')].some(f => f.textContent.includes('{words}'))", "the page has the same figures");
        Assert.Empty(browser.Errors);

        bool IsIt(HookRequest one) => one.Event == "failover_finished"
            && one.Json.GetProperty("failover").GetProperty("kind").GetString() == kind;
    }

    private static string Words(JsonNode total) => string.Create(
        CultureInfo.InvariantCulture,
        $"held {total["held"]}, longest wait {(double)total["longestWaitSeconds"]!:0.000} s, "
            + $"not executed {total["notExecuted"]}, unknown {total["unknown"]}, resent {total["resent"]}");
}
