using System.Net;
using System.Net.Http.Headers;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Integration;

/// <summary>The failover verb, with writers on the proxy that is asked, on another that knows nothing of it, and on the master.</summary>
public sealed class LosslessFailoverTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const string Token = "t0ken-canary";

    private static readonly TimeSpan Patience = FailoverFixture.Patience;

    private Action<SentinelEvent>? _onEvent;
    private SentinelDeployment _deployment = null!;
    private ProxyProcess _asked = null!;
    private ProxyProcess _other = null!;

    public async ValueTask InitializeAsync()
    {
        _deployment = await SentinelDeployment.StartAsync(new SentinelDeploymentOptions
        {
            DownAfter = TimeSpan.FromSeconds(10),

            // After three of them without a message a Sentinel calls a frozen replica disconnected; then it would not be waited for.
            Timings = SentinelTimings.Fast with { PublishPeriod = 2_000 },
            OnEvent = seen => _onEvent?.Invoke(seen),
        });
        ProxyProcessOptions options = ProxyProcessOptions.For(_deployment);
        _asked = await ProxyProcess.StartAsync(options.With("admin.token", Token));
        _other = await ProxyProcess.StartAsync(options);
    }

    public async ValueTask DisposeAsync()
    {
        await _asked.DisposeAsync();
        await _other.DisposeAsync();
        await _deployment.DisposeAsync();
    }

    [Fact]
    public Task Failover_UnderFullWriteLoad_LosesNothingAnywhereAndShowsNoErrorThroughProxies() => FailOverAsync(times: 2);

    [Fact]
    [Trait("Tier", "Long")]
    public Task Failover_TwentyInARow_LoseNothingAnywhereAndShowNoErrorThroughProxies() => FailOverAsync(times: 20);

    [Fact]
    public async Task Failover_AgainstWhichSomethingSpeaks_IsRefusedWithReasonsUnlessForced()
    {
        foreach (RedisServer replica in _deployment.Servers.Skip(1))
        {
            await replica.CallAsync("CONFIG", "SET", "maxmemory", "123456789");
        }

        (HttpStatusCode status, string text) = await PostAsync("failover");
        output.WriteLine(text);
        Assert.Equal(HttpStatusCode.Conflict, status);
        Assert.StartsWith("nothing was done", text, StringComparison.Ordinal);
        string reason = $"{_deployment.Servers[1].Endpoint}: maxmemory is 117.74 MiB here and not set on the master: once promoted,";
        Assert.Contains(reason, text, StringComparison.Ordinal);
        Assert.Equal("master", await _deployment.Servers[0].RoleAsync());

        (status, text) = await PostAsync("failover?force=true");
        output.WriteLine(text);
        Assert.Equal(HttpStatusCode.OK, status);
        await _deployment.WaitForMasterAsync(_deployment.Servers[0], Patience);
    }

    [Fact]
    public async Task Failover_OldMasterFreezesOverIt_SessionsGoOnAtTheNewOneWhileItIsStillAsked()
    {
        RedisServer old = _deployment.Servers[0];
        _onEvent = seen =>
        {
            if (seen.Channel == "+failover-state-send-slaveof-noone")
            {
                old.Freeze();
            }
        };
        using RawClient client = await _asked.ConnectAsync();
        (_, string text) = await PostAsync("failover");
        output.WriteLine(text);
        Assert.Contains("it may remain a master alongside", text, StringComparison.Ordinal);
        Assert.Equal("OK", (await client.CallAsync("SET", "k", "v")).Text);

        // It is asked for 2 s.
        Assert.InRange(SecondsUntil(text, "is accepted, sessions continue") - SecondsUntil(text, " is promoted"), 0, 1.9);
        old.Thaw();
    }

    /// <summary>The time of a step, a line that begins with it.</summary>
    private static double SecondsUntil(string text, string end)
    {
        string step = text.Split('\n').First(line => line.StartsWith(' ') && line.EndsWith(end, StringComparison.Ordinal));
        return double.Parse(step.Trim().Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
    }

    [Fact]
    public async Task Failover_WithAFrozenReplica_IsGivenUpAndLeavesNothingPaused()
    {
        _deployment.Servers[1].Freeze();
        using RawClient client = await _asked.ConnectAsync();
        (HttpStatusCode status, string text) = await PostAsync("failover?master=mymaster");
        output.WriteLine(text);
        Assert.Equal(HttpStatusCode.Conflict, status);
        Assert.Contains("does not answer", text, StringComparison.Ordinal);

        (status, text) = await PostAsync("failover?master=mymaster&force=true");
        output.WriteLine(text);
        Assert.Equal(HttpStatusCode.InternalServerError, status);
        Assert.StartsWith("aborted: ", text, StringComparison.Ordinal);
        client.Timeout = TimeSpan.FromSeconds(1);
        Assert.Equal("OK", (await client.CallAsync("SET", "k", "v")).Text);
        using RawClient direct = await _deployment.Servers[0].ConnectAsync();
        direct.Timeout = TimeSpan.FromSeconds(1);
        Assert.Equal("OK", (await direct.CallAsync("SET", "k", "v")).Text);
        _deployment.Servers[1].Thaw();
    }

    [Theory]
    [InlineData("failover?master=nobody", HttpStatusCode.BadRequest, "there is no master 'nobody'; known masters: mymaster")]
    [InlineData("failover?force=perhaps", HttpStatusCode.BadRequest, "force must be true or false")]
    public async Task Failover_BadRequest_IsRefusedWithAReason(string path, HttpStatusCode expected, string reason)
    {
        Assert.Equal((expected, reason), await PostAsync(path));
        Assert.Equal(HttpStatusCode.Unauthorized, (await PostAsync(path, token: "wrong")).Status);
    }

    private async Task FailOverAsync(int times)
    {
        await using CountingWriter asked = StartWriters("asked:", () => _asked.ConnectAsync());
        await using CountingWriter other = StartWriters("other:", () => _other.ConnectAsync());
        await using CountingWriter direct = StartWriters("direct:", ConnectToMasterAsync, TimeSpan.FromMilliseconds(2));
        RedisServer master = _deployment.Servers[0];
        for (int i = 0; i < times; i++)
        {
            await asked.WaitForAcknowledgedAsync(500, Patience);
            await other.WaitForAcknowledgedAsync(500, Patience);
            await direct.WaitForAcknowledgedAsync(20, Patience);
            await OrderAsync();
            master = await _deployment.WaitForMasterAsync(master, Patience);
            await _deployment.WaitUntilHealthyAsync(Patience);
        }

        await direct.WaitForAcknowledgedAsync(20, Patience);
        LossReport[] reports = [await asked.CompareAsync(master), await other.CompareAsync(master), await direct.CompareAsync(master)];
        Array.ForEach(reports, report => output.WriteLine(report.ToString()));
        Assert.All(reports, report => Assert.True(report.IsHonest, report.ToString()));
        Assert.All(
            reports[..2], report => Assert.Equal(0, report.NotExecuted + report.Unknown + report.Broken + report.OtherErrors));
        Assert.Equal(times, (await _asked.ScrapeAsync()).Sum("redisproxy_failovers_total", ("kind", "on_demand")));
        Assert.Equal(times, (await _other.ScrapeAsync()).Sum("redisproxy_failovers_total", ("kind", "planned")));
    }

    // On a busy machine Sentinel's look at the replicas may be too old to choose one; then it gives up, and is asked again.
    private async Task OrderAsync()
    {
        for (int left = 3; ; left--)
        {
            (HttpStatusCode status, string text) = await PostAsync("failover");
            output.WriteLine(text);
            if (left == 1 || !text.Contains("has promoted no replica, and no failover is in progress", StringComparison.Ordinal))
            {
                Assert.Equal(HttpStatusCode.OK, status);
                return;
            }
        }
    }

    private static CountingWriter StartWriters(string prefix, Func<Task<RawClient>> connect, TimeSpan pace = default) =>
        CountingWriter.Start(connect, new CountingWriterOptions { Writers = 4, Pace = pace, KeyPrefix = prefix });

    // As an application does that asks Sentinel.
    private async Task<RawClient> ConnectToMasterAsync() =>
        await (await _deployment.AgreedMasterAsync() ?? throw new InvalidOperationException("none at the moment")).ConnectAsync();

    private async Task<(HttpStatusCode Status, string Text)> PostAsync(string path, string token = Token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(path, UriKind.Relative));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using HttpResponseMessage response = await _asked.Http.SendAsync(request);
        return (response.StatusCode, (await response.Content.ReadAsStringAsync()).TrimEnd('\n'));
    }
}
