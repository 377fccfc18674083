using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

using Microsoft.AspNetCore.Http;

using RedisProxy.Testing;
using RedisProxy.Tests.Notify;

namespace RedisProxy.ProcessTests.Integration;

/// <summary>Receivers of a running proxy, through what real servers and Sentinels do.</summary>
public sealed class NotificationTests : IAsyncLifetime
{
    private const string Secret = "hook-canary";
    private const string Token = "t0ken-canary";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    private readonly TemporaryFolder _folder = new("notify");
    private HookReceiver _hook = null!;

    public async ValueTask InitializeAsync() => _hook = await HookReceiver.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _hook.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task PlannedFailover_IsOneMessageToEachReceiver()
    {
        await using SentinelDeployment deployment = await SentinelDeployment.StartAsync();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            ProxyProcessOptions.For(deployment).With("notify", new JsonArray(Hook("ops"), Command("script"))) with
            {
                Arguments = ["--log-level", "debug"],
            });
        using RawClient client = await proxy.ConnectAsync();
        await client.CallAsync("PING");

        await deployment.FailoverAsync();
        RedisServer master = await deployment.WaitForMasterAsync(deployment.Servers[0], Patience);
        await EventuallySentAsync(proxy, "ops", 1);
        await EventuallySentAsync(proxy, "script", 1);

        // Whatever the Sentinels still do about it.
        await deployment.WaitUntilHealthyAsync(Patience);
        HookRequest request = Assert.Single(_hook.Requests);
        AssertSigned(request);
        JsonElement failover = request.Json.GetProperty("failover");
        Assert.Equal(("failover_finished", deployment.MasterName), (request.Event, request.Json.GetProperty("master").GetString()));
        Assert.Equal(("planned", 1, 1), (
            failover.GetProperty("kind").GetString(), failover.GetProperty("number").GetInt32(), failover.GetProperty("epoch").GetInt32()));
        Assert.Equal((deployment.Servers[0].Endpoint, master.Endpoint), (
            failover.GetProperty("oldAnnounced").GetString(), failover.GetProperty("newAnnounced").GetString()));
        double accepted = failover.GetProperty("acceptedAfterSeconds").GetDouble();
        Assert.InRange(failover.GetProperty("availableAfterSeconds").GetDouble(), accepted, 20);

        string[] lines = await File.ReadAllLinesAsync(_folder.File("calls"));
        string[] call = Assert.Single(lines).Split(' ', 9);
        Assert.Equal(
            ["7", deployment.MasterName, "leader", "start", "127.0.0.1", Text(deployment.Servers[0].Port), "127.0.0.1", Text(master.Port)],
            call[..8]);
        using JsonDocument input = JsonDocument.Parse(call[8]);
        Assert.Equal(request.Json.GetProperty("id").GetString(), input.RootElement.GetProperty("id").GetString());

        string metrics = await proxy.Http.GetStringAsync(new Uri("metrics", UriKind.Relative));
        Assert.Equal(0, MetricsSnapshot.Parse(metrics).Sum("redisproxy_notifications_total", ("outcome", "failed")));
        string status = await proxy.Http.GetStringAsync(new Uri("status", UriKind.Relative));
        await proxy.StopAsync();
        string log = await File.ReadAllTextAsync(proxy.Process.LogFile);
        Assert.Equal(1, Count(log, "[4401]"));
        Assert.Equal(1, Count(log, "[4424]"));
        Assert.DoesNotContain("canary", log + metrics + status, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Receivers_ThatHang_DoNotTouchTheTraffic()
    {
        await using HookReceiver silent = await HookReceiver.StartAsync();
        silent.IsSilent = true;
        var failing = Hook("failing", FreePorts.Take());
        await using FailoverFixture fixture = await FailoverFixture.StartAsync(configure: options => options.With(
            "notify",
            new JsonArray(
                Hook("silent", silent.Port), failing, Hook("ops"), Command("stuck", "exec sleep 600"), Command("script"))));
        await using CountingWriter writers = fixture.StartWriters();
        await writers.WaitForAcknowledgedAsync(1000, FailoverFixture.Patience);
        await fixture.Deployment.FailoverAsync();
        RedisServer master = await fixture.Deployment.WaitForMasterAsync(fixture.FirstMaster, FailoverFixture.Patience);
        await EventuallySentAsync(fixture.Proxy, "ops", 1);
        await EventuallySentAsync(fixture.Proxy, "script", 1);
        await Eventually.Within(Patience, () => silent.Requests.Count > 0, "the silent one was asked");
        await writers.WaitForAcknowledgedAsync(1000, FailoverFixture.Patience);
        await fixture.Deployment.WaitUntilHealthyAsync(FailoverFixture.Patience);
        LossReport report = await writers.CompareAsync(master);
        Assert.True(report.IsHonest, report.ToString());
        Assert.Equal(0, report.NotExecuted + report.Unknown + report.Broken + report.OtherErrors);
        await fixture.AssertIdleSessionsAreAsTheyWereAsync();

        Assert.Single(_hook.Requests);
        Assert.Single(await File.ReadAllLinesAsync(_folder.File("calls")));
        MetricsSnapshot metrics = await fixture.Proxy.ScrapeAsync();
        Assert.Equal(0, metrics.Sum("redisproxy_notifications_total", ("outcome", "dropped")));
        Assert.Equal(0, metrics.Sum("redisproxy_notifications_waiting"));

        // The orderly end that the fixture demands is that of a proxy with a request and a command under way.
    }

    [Fact]
    public async Task Outage_OfOneServer_IsToldWhileItLastsAndWhenItIsOver()
    {
        await using RedisServer server = await RedisServer.StartAsync();
        JsonObject impatient = Hook("ops");
        impatient["startedAfter"] = "300ms";
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            ProxyProcessOptions.For(server).With("notify", new JsonArray(impatient, Hook("patient"))));
        await server.KillAsync();
        await EventuallySentAsync(proxy, "ops", 1);
        await server.RestartAsync(keepData: false);
        await EventuallySentAsync(proxy, "ops", 2);
        await EventuallySentAsync(proxy, "patient", 1);
        Assert.Equal(["master_down", "master_up", "master_up"], _hook.Requests.Select(request => request.Event));
        Assert.Equal("restart", _hook.Requests[1].Json.GetProperty("failover").GetProperty("kind").GetString());
        Assert.True(_hook.Requests[0].Json.GetProperty("outage").GetProperty("seconds").GetDouble() >= 0.3);
    }

    [Fact]
    public async Task Drift_ThatTheAuditFinds_IsTold()
    {
        await using SentinelDeployment deployment = await SentinelDeployment.StartAsync();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            ProxyProcessOptions.For(deployment).With("notify", new JsonArray(Hook("ops"))));
        await deployment.Servers[1].CallAsync("CONFIG", "SET", "maxmemory", "100mb");
        for (int i = 0; i < 2; i++)
        {
            await proxy.Http.GetStringAsync(new Uri("audit", UriKind.Relative));
        }

        await EventuallySentAsync(proxy, "ops", 1);
        HookRequest request = Assert.Single(_hook.Requests);
        Assert.Equal("drift_found", request.Event);
        Assert.Contains(
            request.Json.GetProperty("findings").EnumerateArray(),
            finding => finding.GetProperty("topic").GetString() == "maxmemory"
                && finding.GetProperty("where").GetString() == deployment.Servers[1].Endpoint);
    }

    [Fact]
    public async Task Reload_ChangesReceiversAndATestReachesThem()
    {
        await using RedisServer server = await RedisServer.StartAsync();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(server).With("admin.token", Token));
        Assert.Equal((HttpStatusCode.BadRequest, "there is no receiver: notify is empty"), await PostAsync(proxy, "notify/test"));

        await RewriteAsync(proxy, new JsonArray(Hook("ops"), Command("script")));
        (HttpStatusCode status, string answer) = await PostAsync(proxy, "reload");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains("receiver 'ops': added", answer, StringComparison.Ordinal);

        (status, answer) = await PostAsync(proxy, "notify/test");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Matches(@"^ops: sent, answered 204, after [0-9.]+ s\nscript: sent, exit code 0, after [0-9.]+ s$", answer);
        Assert.Equal("test", Assert.Single(_hook.Requests).Event);
        Assert.StartsWith("7 default leader test 127.0.0.1 ", await File.ReadAllTextAsync(_folder.File("calls")), StringComparison.Ordinal);

        _hook.Status = StatusCodes.Status500InternalServerError;
        (status, answer) = await PostAsync(proxy, "notify/test?receiver=ops");
        Assert.Equal(HttpStatusCode.BadGateway, status);
        Assert.StartsWith("ops: not sent, answered 500, after ", answer, StringComparison.Ordinal);
        Assert.Equal(
            (HttpStatusCode.BadRequest, "there is no receiver 'x'; known receivers: ops, script"),
            await PostAsync(proxy, "notify/test?receiver=x"));
        MetricsSnapshot metrics = await proxy.ScrapeAsync();
        Assert.Equal((1, 1), (
            metrics.Value("redisproxy_notifications_total", ("receiver", "ops"), ("outcome", "sent")),
            metrics.Value("redisproxy_notifications_total", ("receiver", "ops"), ("outcome", "failed"))));

        await RewriteAsync(proxy, []);
        Assert.Contains("receiver 'ops': removed", (await PostAsync(proxy, "reload")).Body, StringComparison.Ordinal);
        Assert.False((await proxy.ScrapeAsync()).Has("redisproxy_notifications_total"));
    }

    private static void AssertSigned(HookRequest request)
    {
        string[] parts = request.Headers["X-RedisProxy-Signature"].Split(',');
        byte[] signed = Encoding.UTF8.GetBytes($"{parts[0]["t=".Length..]}.{request.Body}");
        byte[] expected = HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), signed);
        Assert.Equal($"v1={Convert.ToHexStringLower(expected)}", parts[1]);
    }

    private static Task EventuallySentAsync(ProxyProcess proxy, string receiver, int count) => Eventually.Within(
        Patience,
        async () => (await proxy.ScrapeAsync())
            .Value("redisproxy_notifications_total", ("receiver", receiver), ("outcome", "sent")) >= count,
        $"'{receiver}' has got {count} message(s)");

    private JsonObject Hook(string name, int? port = null) => new()
    {
        ["name"] = name,
        ["webhook"] = new JsonObject
        {
            ["url"] = port is null ? _hook.Url : $"http://127.0.0.1:{Text(port.Value)}/canary",
            ["secret"] = Secret,
            ["timeout"] = "20s",
        },
    };

    /// <summary>One line for each call: how many arguments, which, and the input.</summary>
    private JsonObject Command(string name, string? script = null)
    {
        string path = _folder.File(name);
        ScriptFile.Write(path, script ?? $"echo \"$# $* $(cat)\" >> {_folder.File("calls")}");
        return new JsonObject { ["name"] = name, ["command"] = new JsonObject { ["path"] = path } };
    }

    private static async Task RewriteAsync(ProxyProcess proxy, JsonArray notify)
    {
        JsonObject root = JsonNode.Parse(await File.ReadAllTextAsync(proxy.ConfigurationPath))!.AsObject();
        root["notify"] = notify;
        await File.WriteAllTextAsync(proxy.ConfigurationPath, root.ToJsonString());
    }

    private static async Task<(HttpStatusCode Status, string Body)> PostAsync(ProxyProcess proxy, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(path, UriKind.Relative));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        using HttpResponseMessage response = await proxy.Http.SendAsync(request);
        return (response.StatusCode, (await response.Content.ReadAsStringAsync()).TrimEnd('\n'));
    }

    private static int Count(string log, string what) => log.Split(what).Length - 1;

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
