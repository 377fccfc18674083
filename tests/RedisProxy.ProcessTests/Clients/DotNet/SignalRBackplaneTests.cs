using System.Threading.Channels;

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

using RedisProxy.Testing;

using StackExchange.Redis;

namespace RedisProxy.ProcessTests.Clients.DotNet;

/// <summary>
/// Two servers of one application with SignalR's backplane in Redis: what is sent on one arrives at the client of the other. Their
/// subscriptions are what failovers are about: closed by default, so that they subscribe again, or kept with <c>pubsub</c>.
/// </summary>
public sealed class SignalRBackplaneTests(ITestOutputHelper output)
{
    private const string Method = "number";
    private const string Name = "signalr";

    [Theory]
    [InlineData("close")]
    [InlineData("resubscribe")]
    public async Task Backplane_ThroughAPlannedFailoverAndAKill_DeliversFromServerToServer(string pubsub)
    {
        await using ApplicationStage stage = await ApplicationStage.StartAsync(("pubsub", pubsub));
        await using WebApplication one = await StartServerAsync(await stage.ConnectAsync(Name));
        await using WebApplication other = await StartServerAsync(await stage.ConnectAsync(Name));
        await using HubConnection client = new HubConnectionBuilder().WithUrl($"{other.Urls.Single()}/hub").Build();
        bool closed = false;
        client.Closed += _ =>
        {
            closed = true;
            return Task.CompletedTask;
        };
        Channel<long> arriving = Channel.CreateUnbounded<long>();
        client.On<long>(Method, number => arriving.Writer.TryWrite(number));
        await client.StartAsync();
        IHubContext<NumbersHub> hub = one.Services.GetRequiredService<IHubContext<NumbersHub>>();
        await using var calls = new RepeatedCalls(1, (_, n) => hub.Clients.All.SendAsync(Method, n));
        await ArriveAsync(arriving, calls);
        IReadOnlySet<long> before = await FourSessionsAsync(stage);

        Assert.Empty(await calls.ThroughAsync(output, $"{pubsub}, planned failover", stage.FailOverAsync));
        await ArriveAsync(arriving, calls);
        IReadOnlySet<long> between = await FourSessionsAsync(stage);
        calls.AssertToldUnknownOfWhatWasInFlight(
            await calls.ThroughAsync(output, $"{pubsub}, master killed", () => stage.KillMasterAsync(calls)));
        await ArriveAsync(arriving, calls);
        IReadOnlySet<long> after = await FourSessionsAsync(stage);

        // Each server has one connection for commands and one that subscribes.
        int kept = pubsub == "resubscribe" ? 4 : 2;
        Assert.Equal(kept, before.Intersect(between).Count());
        Assert.Equal(kept, between.Intersect(after).Count());
        Assert.False(closed);
    }

    /// <summary>
    /// Messages arrive again, in their order and none twice. What was published while nobody had subscribed yet is not repeated by
    /// anybody: this is said, not judged.
    /// </summary>
    private async Task ArriveAsync(Channel<long> arriving, RepeatedCalls calls)
    {
        await calls.GetOnAsync();
        IReadOnlyList<long> sent = calls.Acknowledged(0);
        var got = new List<long>();
        using var patience = new CancellationTokenSource(ApplicationStage.Patience, TimeProvider.System);
        while (got.Count == 0 || got[^1] < sent[^1])
        {
            got.Add(await arriving.Reader.ReadAsync(patience.Token));
        }

        Assert.Equal(got.Distinct().Order(), got);
        output.WriteLine($"{got.Count} arrived, missing: {string.Join(' ', sent.Where(n => n > got[0]).Except(got))}");
    }

    private static Task<IReadOnlySet<long>> FourSessionsAsync(ApplicationStage stage) => Eventually.Within(
        ApplicationStage.Patience, () => stage.SessionsAsync(Name), sessions => sessions.Count == 4, "both have their two connections");

    private static async Task<WebApplication> StartServerAsync(IConnectionMultiplexer multiplexer)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSignalR().AddStackExchangeRedis(options => options.ConnectionFactory = _ => Task.FromResult(multiplexer));
        WebApplication server = builder.Build();
        server.MapHub<NumbersHub>("/hub");
        await server.StartAsync();
        return server;
    }

    private sealed class NumbersHub : Hub;
}
