using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Integration;

/// <summary>A failover on demand whose Sentinel is frozen right after it got the order, and does not answer it.</summary>
public sealed class UnansweredFailoverTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const string Token = "t0ken-canary";

    private static readonly TimeSpan Patience = FailoverFixture.Patience;

    private readonly TaskCompletionSource<SentinelServer> _ordered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SentinelDeployment _deployment = null!;
    private OrderRelay[] _relays = [];
    private ProxyProcess _proxy = null!;
    private HttpClient _http = null!;

    public async ValueTask InitializeAsync()
    {
        _deployment = await SentinelDeployment.StartAsync(new SentinelDeploymentOptions
        {
            DownAfter = TimeSpan.FromSeconds(10),

            // Else it would promote nobody once it is thawed: it chooses no replica that it has heard nothing of for three INFO periods,
            // five of PING, or three of the Sentinels' own messages.
            Timings = SentinelTimings.Fast with { InfoPeriod = 5_000, PingPeriod = 2_000, PublishPeriod = 2_000 },
        });
        _relays = [.. _deployment.Sentinels.Select(sentinel => new OrderRelay(sentinel, Freeze))];
        var map = new JsonObject();
        foreach ((SentinelServer sentinel, OrderRelay relay) in _deployment.Sentinels.Zip(_relays))
        {
            map[sentinel.Endpoint] = relay.Endpoint;
        }

        ProxyProcessOptions options = ProxyProcessOptions.For(_deployment).With("admin.token", Token).With("sentinel.addressMap", map);
        _proxy = await ProxyProcess.StartAsync(options with { SentinelEndpoints = [.. _relays.Select(relay => relay.Endpoint)] });
        _http = new HttpClient { BaseAddress = _proxy.Http.BaseAddress, Timeout = Patience };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _proxy.DisposeAsync();
        _http.Dispose();
        Array.ForEach(_relays, relay => relay.Dispose());
        await _deployment.DisposeAsync();
    }

    [Fact]
    public async Task Failover_SentinelWakesUpAgain_IsDoneAndHasLostNothing()
    {
        await using CountingWriter proxied = StartWriters("proxied:", _proxy.ConnectAsync);
        await using CountingWriter direct = StartWriters("direct:", () => _deployment.Servers[0].ConnectAsync());
        await proxied.WaitForAcknowledgedAsync(100, Patience);
        await direct.WaitForAcknowledgedAsync(20, Patience);
        Task<(HttpStatusCode Status, string Text)> failover = FailOverAsync();
        SentinelServer frozen = await _ordered.Task.WaitAsync(Patience, TimeProvider.System);
        await Eventually.Within(Patience, SaysThatItMayHaveBegun, "the order is given up for unanswered");
        int acknowledged = direct.Count(WriteOutcome.Acknowledged);
        await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System);
        Assert.Equal(acknowledged, direct.Count(WriteOutcome.Acknowledged));
        Assert.False(failover.IsCompleted);

        frozen.Thaw();
        (HttpStatusCode status, string text) = await failover;
        output.WriteLine($"{text}\n{frozen.Process.LogTail}");
        Assert.Equal(HttpStatusCode.OK, status);
        RedisServer master = await _deployment.WaitForMasterAsync(_deployment.Servers[0], Patience);
        foreach (LossReport report in new[] { await proxied.CompareAsync(master), await direct.CompareAsync(master) })
        {
            output.WriteLine(report.ToString());
            Assert.True(report.IsHonest, report.ToString());
        }
    }

    [Fact]
    [Trait("Tier", "Long")]
    public async Task Failover_SentinelStaysFrozen_IsGivenUpAndLeavesNothingPaused()
    {
        (HttpStatusCode status, string text) = await FailOverAsync();
        output.WriteLine(text);
        Assert.Equal(HttpStatusCode.InternalServerError, status);
        Assert.Contains("'SENTINEL RESET mymaster' there cancels the order", text, StringComparison.Ordinal);
        foreach (Func<Task<RawClient>> connect in new[] { _proxy.ConnectAsync, _deployment.Servers[0].ConnectAsync })
        {
            using RawClient client = await connect();
            client.Timeout = TimeSpan.FromSeconds(1);
            Assert.Equal("OK", (await client.CallAsync("SET", "k", "v")).Text);
        }

        (await _ordered.Task).Thaw();
    }

    private void Freeze(SentinelServer sentinel)
    {
        sentinel.Freeze();
        _ordered.TrySetResult(sentinel);
    }

    private bool SaysThatItMayHaveBegun() => _proxy.Process.LogTail.Contains("it may have begun", StringComparison.Ordinal);

    private static CountingWriter StartWriters(string prefix, Func<Task<RawClient>> connect) => CountingWriter.Start(
        connect, new CountingWriterOptions { Writers = 4, Pace = TimeSpan.FromMilliseconds(2), KeyPrefix = prefix });

    private async Task<(HttpStatusCode Status, string Text)> FailOverAsync()
    {
        using HttpResponseMessage response = await _http.PostAsync(new Uri("failover", UriKind.Relative), content: null);
        return (response.StatusCode, (await response.Content.ReadAsStringAsync()).TrimEnd('\n'));
    }
}
