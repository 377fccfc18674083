using System.Net;
using System.Text.Json.Nodes;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Integration;

/// <summary>What operators see of a running proxy, by HTTP and by its own commands.</summary>
public sealed class AdminTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    private SentinelDeployment _deployment = null!;
    private ProxyProcess _proxy = null!;

    public async ValueTask InitializeAsync()
    {
        _deployment = await SentinelDeployment.StartAsync();
        _proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(_deployment));
    }

    public async ValueTask DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _deployment.DisposeAsync();
    }

    [Fact]
    public async Task Status_AfterAFailover_TellsMasterSentinelsAndTimeline()
    {
        RedisServer first = await _deployment.WaitForMasterAsync(null, Patience);
        await _deployment.FailoverAsync();
        RedisServer second = await _deployment.WaitForMasterAsync(first, Patience);
        JsonNode? master = null;
        await Eventually.Within(
            Patience,
            async () => (string?)(master = (await StatusAsync())["masters"]![0]!)["availability"] == "available"
                && (string?)master["announced"] == second.Endpoint
                && master["sentinels"]!.AsArray().All(sentinel => (bool)sentinel!["agrees"]!),
            "the new master is available, and all Sentinels agree");
        Assert.Equal(_deployment.MasterName, (string?)master!["name"]);
        Assert.Equal(3, master["sentinels"]!.AsArray().Count);
        Assert.Equal(1, (int)master["failovers"]!["planned"]!);
        JsonNode failover = Assert.Single(master["lastFailovers"]!.AsArray())!;
        Assert.Equal((first.Endpoint, second.Endpoint), ((string?)failover["old"], (string?)failover["new"]));
        Assert.InRange((double)failover["availableAfterSeconds"]!, (double)failover["acceptedAfterSeconds"]!, 30);

        string text = await TextAsync("status");
        Assert.Contains($"master '{_deployment.MasterName}' {second.Endpoint}", text, StringComparison.Ordinal);
        Assert.Contains($"planned {first.Endpoint} → {second.Endpoint}", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sessions_AreListedByWhatIsAskedFor()
    {
        using RawClient plain = await _proxy.ConnectAsync();
        using RawClient named = await _proxy.ConnectAsync();
        await plain.CallAsync("PING");
        await named.CallAsync("CLIENT", "SETNAME", "orders-7");
        await named.CallAsync("SELECT", "3");
        await named.CallAsync("SET", "secret-key", "secret-value");
        await named.SendAsync(RawClient.Command("BLPOP", "nothing", "0"));
        JsonNode session = null!;
        await Eventually.Within(
            Patience, async () => (int)(session = (await SessionsAsync("?name=orders"))[0]!)["inFlight"]! == 1, "BLPOP is in flight");
        Assert.Equal((3, "serving", "orders-7"), ((int)session["database"]!, (string?)session["phase"], (string?)session["name"]));
        Assert.Equal($"127.0.0.1:{((IPEndPoint)named.Socket.LocalEndPoint!).Port}", (string?)session["client"]);
        Assert.Empty(await SessionsAsync("?phase=holding"));
        Assert.Empty(await SessionsAsync("?client=10."));
        Assert.Equal(2, (await SessionsAsync("?phase=serving&client=127.")).Count);

        JsonNode limited = await JsonAsync("sessions?limit=1");
        Assert.Equal((2, 1), ((int)limited["matching"]!, limited["sessions"]!.AsArray().Count));
        string all = await TextAsync("sessions");
        Assert.Contains("orders-7", all, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", all + limited, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sessions?phase=happy", "there is no phase 'happy'")]
    [InlineData("sessions?limit=0", "limit must be a number from 1")]
    [InlineData("sessions?listener=other", "there is no listener 'other'")]
    [InlineData("sessions?colour=red", "there is no parameter 'colour'")]
    [InlineData("slowlog?limit=0", "limit must be a number from 1 to 1000")]
    [InlineData("slowlog?listener=x", "there is no listener 'x'")]
    [InlineData("slowlog?count=3", "there is no parameter 'count'; known parameters: listener, limit")]
    [InlineData("hotkeys?for=2m", "for must be a duration from 100ms to 1m, such as 10s")]
    [InlineData("hotkeys?keys=3", "there is no parameter 'keys'; known parameters: listener, limit, for")]
    public async Task List_BadQuestion_IsRefusedWithAReason(string path, string reason)
    {
        using HttpResponseMessage response = await _proxy.Http.GetAsync(new Uri(path, UriKind.Relative));
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains(reason, await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metrics_PassPromtool()
    {
        using var folder = new TemporaryFolder();
        string metrics = folder.File("metrics");
        await File.WriteAllTextAsync(metrics, await _proxy.Http.GetStringAsync(new Uri("metrics", UriKind.Relative)));
        await using ChildProcess promtool = await ChildProcess.StartAsync(
            "promtool", "sh", ["-c", $"exec promtool check metrics <'{metrics}'"], folder.File("log"));
        int exitCode = await promtool.WaitForExitAsync(Patience);
        Assert.Equal((0, ""), (exitCode, promtool.LogTail));
    }

    [Fact]
    public async Task Startup_IsOverOnceAMasterWasSeen()
    {
        await Eventually.Within(
            Patience,
            async () => (await _proxy.Http.GetAsync(new Uri("healthz/startup", UriKind.Relative))).StatusCode == HttpStatusCode.OK,
            "it has started");
        await using ProxyProcess waiting = await ProxyProcess.StartAsync(
            ProxyProcessOptions.For(_deployment) with { SentinelEndpoints = [$"127.0.0.1:{FreePorts.Take()}"] });
        using HttpResponseMessage response = await waiting.Http.GetAsync(new Uri("healthz/startup", UriKind.Relative));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
    }

    [Fact]
    public async Task Commands_PrintWhatTheProxySays()
    {
        string admin = $"{_proxy.AdminPort}";
        (int exitCode, string output) = await RunAsync("status", "--admin", admin);
        Assert.Equal(0, exitCode);
        Assert.Contains($"master '{_deployment.MasterName}'", output, StringComparison.Ordinal);
        (exitCode, output) = await Eventually.Within(
            Patience, () => RunAsync("health", "--admin", admin), answer => answer.ExitCode == 0, "a master was seen");
        Assert.StartsWith("ready\n", output, StringComparison.Ordinal);
        Assert.Equal((0, "ok"), await RunAsync("health", "--live", "--admin", admin));
        (exitCode, output) = await RunAsync("sessions", "--admin", admin, "--json");
        Assert.Equal((0, 0), (exitCode, (int)JsonNode.Parse(output)!["matching"]!));
        (exitCode, output) = await RunAsync("sessions", "--admin", admin, "--phase", "happy");
        Assert.Equal(1, exitCode);
        Assert.Contains("there is no phase 'happy'", output, StringComparison.Ordinal);
        (exitCode, output) = await RunAsync("status", "--admin", $"{FreePorts.Take()}");
        Assert.Equal(1, exitCode);
        Assert.Contains("No proxy answers at", output, StringComparison.Ordinal);
    }

    private static async Task<(int ExitCode, string Output)> RunAsync(params string[] arguments)
    {
        using var folder = new TemporaryFolder();
        (string program, string[] all) = ProxyProgram.Command(ProxyProgram.Find(), arguments);
        await using ChildProcess process = await ChildProcess.StartAsync(
            "command", program, all, folder.File("log"), ProxyProgram.CleanEnvironment());
        int exitCode = await process.WaitForExitAsync(Patience);
        return (exitCode, process.LogTail);
    }

    private Task<JsonNode> StatusAsync() => JsonAsync("status");

    private async Task<JsonArray> SessionsAsync(string query) => (await JsonAsync($"sessions{query}"))["sessions"]!.AsArray();

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
