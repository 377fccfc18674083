using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;

using RedisProxy.ProcessTests.CommandLine;
using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Integration;

/// <summary>What a dry run says is what the order then does, and the dry run itself does nothing.</summary>
public sealed class DryRunTests(ITestOutputHelper output)
{
    private const string Token = "t0ken-canary";

    // On a busy machine a Sentinel with quicker ones calls a healthy replica disconnected, which is an objection.
    private static readonly SentinelDeploymentOptions Patient = new()
    {
        Timings = SentinelTimings.Fast with { PublishPeriod = 2_000 },
    };

    [Fact]
    public async Task Failover_AfterItsDryRun_DoesWhatThatSaid()
    {
        await using FailoverFixture fixture = await FailoverFixture.StartAsync(Patient, options => options.With("admin.token", Token));
        RedisServer old = fixture.FirstMaster;
        using RawClient popping = await fixture.ConnectAsync();
        await popping.SendAsync(RawClient.Command("BLPOP", "q", "0"));
        using RawClient subscriber = await fixture.ConnectAsync();
        await subscriber.SendAsync(RawClient.Command("SUBSCRIBE", "a", "b"));
        await subscriber.ReadReplyAsync();
        await subscriber.ReadReplyAsync();
        using RawClient monitor = await fixture.ConnectAsync();
        await monitor.CallAsync("MONITOR");
        using RawClient watching = await fixture.ConnectAsync();
        await watching.CallAsync("WATCH", "k");
        await watching.CallAsync("MULTI");
        await watching.CallAsync("SET", "k", "v");
        await Eventually.Within(
            FailoverFixture.Patience, async () => (await old.InfoAsync("clients"))["blocked_clients"] == "1", "the pop waits");

        // A busy machine may have held one already, for want of a fresh lease.
        double held = (await fixture.Proxy.ScrapeAsync()).Value("redisproxy_hold_seconds_count");
        JsonNode before = await StatusAsync(fixture.Proxy);
        (HttpStatusCode status, string text) = await PostAsync(fixture.Proxy, "failover?master=mymaster&dryRun=true");
        output.WriteLine(text);
        string[] lines = LinesOf(text);
        int sessions = FailoverFixture.IdleSessions + 4;
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.StartsWith("'mymaster' would get a new master (dry run, nothing was done)", text, StringComparison.Ordinal);
        Assert.Contains($"sessions {sessions} would be held, 1 of them with requests in flight", lines);
        Assert.Contains("blocking 1 session(s) in blocking commands, which would keep a drain from ending", lines);
        Assert.Contains("closed by a failover: pub_sub 1, monitor 1; 2 subscription(s) end", lines);
        Assert.Contains("transactions lost by a failover: 1 with WATCH (EXEC answers nil)", lines);
        Assert.DoesNotContain(lines, line => line.StartsWith("objection", StringComparison.Ordinal) || line.StartsWith("not made"));

        // It has done nothing: the same master, and nobody was held or has gone.
        JsonNode after = await StatusAsync(fixture.Proxy);
        foreach (string same in new[] { "announced", "availability", "generation", "epoch", "failovers" })
        {
            Assert.Equal(before["masters"]![0]![same]!.ToJsonString(), after["masters"]![0]![same]!.ToJsonString());
        }

        Assert.Equal(sessions, (int)after["listeners"]![0]!["sessions"]!["serving"]!);
        Assert.Equal(held, (await fixture.Proxy.ScrapeAsync()).Value("redisproxy_hold_seconds_count"));
        Assert.Equal("master", await old.RoleAsync());

        (status, string done) = await PostAsync(fixture.Proxy, "failover?master=mymaster");
        output.WriteLine(done);
        Assert.Equal(HttpStatusCode.OK, status);
        RedisServer master = await fixture.Deployment.WaitForMasterAsync(old, FailoverFixture.Patience);
        Assert.Contains(master.Endpoint.ToString(), lines.Single(line => line.StartsWith("the next master", StringComparison.Ordinal)));
        Assert.False((await subscriber.ReadToEndAsync()).WasReset);
        Assert.False((await monitor.ReadToEndAsync()).WasReset);
        Assert.Equal("*-1\r\n", await ExecAsync(watching));
        await master.CallAsync("RPUSH", "q", "element");
        Assert.Equal("element", (await popping.ReadReplyAsync()).Items[1].Text);
        await fixture.AssertIdleSessionsAreAsTheyWereAsync();
        JsonNode end = (await StatusAsync(fixture.Proxy))["listeners"]![0]!;
        Assert.Equal("""{"pub_sub":1,"monitor":1}""", end["pinned"]!.ToJsonString());
        Assert.Equal(sessions - 2, (int)end["sessions"]!["serving"]!);
    }

    [Fact]
    public async Task Failover_ThatWouldBeRefused_IsRefusedForTheSameReasons_AndForcedDryRunsDoNothing()
    {
        await using SentinelDeployment deployment = await SentinelDeployment.StartAsync(Patient);
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(deployment).With("admin.token", Token));
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.File("token"), Token);
        foreach (RedisServer replica in deployment.Servers.Skip(1))
        {
            await replica.CallAsync("CONFIG", "SET", "maxmemory", "123456789");
        }

        string[] command = ["failover", "mymaster", "--token-file", "token", "--admin", proxy.Http.BaseAddress!.Authority];
        (int exitCode, string shown, string error) = await ProcessRun.OfAsync(folder.Path, [.. command, "--dry-run"]);
        output.WriteLine(error);
        (int realExitCode, _, string realError) = await ProcessRun.OfAsync(folder.Path, command);
        Assert.Equal((1, 1, ""), (exitCode, realExitCode, shown));
        Assert.Contains("a failover of 'mymaster' would be refused (dry run, nothing was done)", error, StringComparison.Ordinal);
        string[] objections = [.. LinesOf(realError).Where(line => line.StartsWith("objection: ", StringComparison.Ordinal))];
        Assert.NotEmpty(objections);
        Assert.Equal(
            objections.Select(line => line.Replace("objection: ", "objection ", StringComparison.Ordinal)),
            LinesOf(error).Where(line => line.StartsWith("objection ", StringComparison.Ordinal)));

        (HttpStatusCode status, string forced) = await PostAsync(proxy, "failover?force=true&dryRun=true");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.StartsWith("'mymaster' would get a new master despite the objections", forced, StringComparison.Ordinal);
        Assert.Equal("master", await deployment.Servers[0].RoleAsync());

        // A misspelt parameter must not make it a real one.
        Assert.Equal(
            (
                HttpStatusCode.BadRequest,
                "there is no parameter 'dry-run'; known parameters: master, force, ifMaster, wait, dryRun, listener"),
            await PostAsync(proxy, "failover?force=true&dry-run=true"));
        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync(proxy, "failover?force=true&dryRun=1")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync(proxy, "failover?force=true&dryRun")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync(proxy, "failover?force=true&dryRun=true&wait=1s")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync(proxy, "resume?dryRun=true")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await PostAsync(proxy, "failover?dryRun=true", token: null)).Status);
        Assert.Equal("master", await deployment.Servers[0].RoleAsync());
    }

    [Fact]
    public async Task Pause_WithoutSentinel_HoldsNobodyInADryRun_AndAFailoverSaysThatThereIsNone()
    {
        await using RedisServer server = await RedisServer.StartAsync();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(server).With("admin.token", Token));
        using RawClient client = await proxy.ConnectAsync();
        await client.CallAsync("SET", "k", "v");
        (HttpStatusCode status, string text) = await PostAsync(proxy, "pause?for=10m&dryRun=true");
        output.WriteLine(text);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.StartsWith("would be paused for at most 600 s: default (dry run, nothing was done)", text, StringComparison.Ordinal);
        Assert.Contains("sessions 1 would be held, 0 of them with requests in flight", LinesOf(text));
        Assert.Equal("v", (await client.CallAsync("GET", "k")).Text);
        Assert.Equal((HttpStatusCode.OK, "nothing was paused"), await PostAsync(proxy, "resume"));

        (status, text) = await PostAsync(proxy, "failover?dryRun=true");
        Assert.Equal(HttpStatusCode.Conflict, status);
        Assert.Contains("objection no listener serves a master 'default' monitored by Sentinel", LinesOf(text));
    }

    private static async Task<string> ExecAsync(RawClient client)
    {
        await client.SendAsync(RawClient.Command("EXEC"));
        return await client.ReadExactlyAsync("*-1\r\n".Length);
    }

    private static async Task<JsonNode> StatusAsync(ProxyProcess proxy) =>
        JsonNode.Parse(await proxy.Http.GetStringAsync(new Uri("status", UriKind.Relative)))!;

    private static async Task<(HttpStatusCode Status, string Text)> PostAsync(ProxyProcess proxy, string path, string? token = Token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(path, UriKind.Relative));
        request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        using HttpResponseMessage response = await proxy.Http.SendAsync(request);
        return (response.StatusCode, (await response.Content.ReadAsStringAsync()).TrimEnd('\n'));
    }

    // Without the padding of columns.
    private static string[] LinesOf(string text) =>
        [.. text.Split('\n').Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries)))];
}
