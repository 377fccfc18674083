using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Durability;

/// <summary>
/// What one write waits for, with replicas 20 ms away: beside a write through a proxy without <c>durable</c>, one with it, and one that is
/// followed by its client's own WAIT on a direct connection, in turn.
/// </summary>
public sealed class DurableLatencyTests
{
    private const int Writes = 40;

    /// <summary>Until then Sentinels leave the replica behind the relay.</summary>
    private static readonly TimeSpan FailoverTimeout = TimeSpan.FromMinutes(1);

    // For the machine's noise; the figures go to the progress report.
    private const double SlackMs = 1.0;

    [Fact]
    [Trait("Tier", "Long")]
    public async Task Durable_AddsTheRoundTripToTheReplica_AndLittleElse()
    {
        await using SentinelDeployment deployment = await SentinelDeployment.StartAsync(
            new SentinelDeploymentOptions
            {
                ReplicationLatency = TimeSpan.FromMilliseconds(20), Replicas = 1, FailoverTimeout = FailoverTimeout,
            });
        ProxyListener listener = new() { Master = deployment.MasterName };
        ProxyListener durable = new()
        {
            Name = "durable",
            Master = deployment.MasterName,
            Settings = new Dictionary<string, JsonNode?> { ["durable"] = new JsonObject { ["replicas"] = 1 } },
        };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            ProxyProcessOptions.For(deployment) with { Listeners = [listener, durable] });
        using RawClient without = await RawClient.ConnectAsync(proxy.Ports[0]);
        using RawClient with = await RawClient.ConnectAsync(proxy.Ports[1]);
        using RawClient direct = await deployment.Servers[0].ConnectAsync();
        string[] set = ["SET", "k", "v"];
        List<double> withoutMs = [];
        List<double> withMs = [];
        List<double> waitMs = [];
        for (int i = 0; i < Writes; i++)
        {
            withoutMs.Add(await TimeAsync(() => without.CallAsync(set)));
            withMs.Add(await TimeAsync(() => with.CallAsync(set)));
            await direct.CallAsync(set);
            waitMs.Add(await TimeAsync(() => direct.CallAsync("WAIT", "1", "0")));
        }

        double extraMs = Median(withMs) - Median(withoutMs) - Median(waitMs);
        ProgressFile.Say(string.Create(
            CultureInfo.InvariantCulture,
            $"without {Median(withoutMs):F3} ms, durable {Median(withMs):F3} ms, WAIT {Median(waitMs):F3} ms: {extraMs:F3} ms besides"));
        Assert.InRange(Median(waitMs), 20, 40);
        Assert.InRange(extraMs, double.MinValue, SlackMs);

        static double Median(List<double> values) => values.Order().ElementAt(Writes / 2);
    }

    private static async Task<double> TimeAsync(Func<Task<RawReply>> call)
    {
        long begun = Stopwatch.GetTimestamp();
        await call();
        return Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
    }
}
