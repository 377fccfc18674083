using System.Net.Http.Json;

using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;

using RedisProxy.Testing;

namespace RedisProxy.AspireTests;

/// <summary>The demo's app host, with real servers, Sentinels, proxy and application, as a developer starts it.</summary>
public sealed class DemoTests(DemoApplication demo, ITestOutputHelper output) : IClassFixture<DemoApplication>
{
    private static readonly TimeSpan Patience = DemoApplication.Patience;
    private readonly DistributedApplication _app = demo.App;

    [Fact]
    public async Task Counter_AcrossAPlannedFailoverAndTheEndOfTheMaster_GoesOn()
    {
        string first = await MasterAsync();
        await GoesOnAsync();
        ExecuteCommandResult failedOver = await _app.ResourceCommands.ExecuteCommandAsync("cache", "fail-over");
        Assert.True(failedOver.Success, failedOver.Message);
        output.WriteLine($"{failedOver.Message}");
        string second = await MasterAsync();
        Assert.NotEqual(first, second);
        CounterState planned = await GoesOnAsync();
        Assert.Equal((0, 0), (planned.Unknown, planned.Errors));

        ExecuteCommandResult stopped = await _app.ResourceCommands.ExecuteCommandAsync(second, "stop");
        Assert.True(stopped.Success, stopped.Message);
        await Eventually.Within(Patience, async () => await MasterAsync() != second, "another server is the master");
        CounterState crashed = await GoesOnAsync();
        output.WriteLine($"{crashed}");
        Assert.Equal(0, crashed.Errors);

        ExecuteCommandResult started = await _app.ResourceCommands.ExecuteCommandAsync(second, "start");
        Assert.True(started.Success, started.Message);
        await _app.ResourceNotifications.WaitForResourceHealthyAsync("cache").WaitAsync(Patience, TimeProvider.System);
    }

    [Fact]
    public async Task StatusPage_IsAnEndpointOfTheProxy()
    {
        using HttpClient page = _app.CreateHttpClient("cache-proxy", "admin");
        Assert.Contains("<title>", await page.GetStringAsync(new Uri("/", UriKind.Relative)), StringComparison.Ordinal);
    }

    private async Task<CounterState> GoesOnAsync()
    {
        CounterState start = await StateAsync();
        CounterState now = start;
        await Eventually.Within(
            Patience, async () => (now = await StateAsync()).Acknowledged > start.Acknowledged + 50, "the application goes on");
        Assert.InRange(now.Value, now.Acknowledged, now.Acknowledged + now.Unknown + 1);
        return now;
    }

    private async Task<CounterState> StateAsync() => (await demo.Counter.GetFromJsonAsync<CounterState>("/"))!;

    /// <summary>The resource that the first Sentinel says is the master.</summary>
    private async Task<string> MasterAsync()
    {
        using RawClient sentinel = await RawClient.ConnectAsync(_app.GetEndpoint("cache-sentinel-1", "tcp").Port);
        RawReply address = await sentinel.CallAsync("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "mymaster");
        return new[] { "cache-1", "cache-2", "cache-3" }.Single(
            name => $"{_app.GetEndpoint(name, "tcp").Port}" == address.Items[1].Text);
    }

    private sealed record CounterState(long Acknowledged, long Value, long Unknown, long Errors);
}
