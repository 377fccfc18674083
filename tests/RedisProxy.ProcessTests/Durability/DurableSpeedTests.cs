using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Durability;

/// <summary>
/// What durable acknowledgements cost, with redis-benchmark: SETs through a proxy without, with, and with shared links as well, in turn.
/// Ratios within a round; the figures go to the progress report.
/// </summary>
public sealed class DurableSpeedTests : IAsyncLifetime
{
    private const int Rounds = 5;

    // A fifth is what it may cost; the rest is for the machine's noise. The figures go to the progress report.
    private const double LeastRatio = 0.7;

    private readonly List<IAsyncDisposable> _owned = [];
    private RedisServer? _master;

    public async ValueTask InitializeAsync()
    {
        _master = Own(await RedisServer.StartAsync(new RedisServerOptions(), "master"));
        RedisServer replica = Own(await RedisServer.StartAsync(new RedisServerOptions { ReplicaOfPort = _master.Port }, "replica"));
        await Eventually.Within(
            TimeSpan.FromSeconds(20),
            async () => (await replica.InfoAsync("replication"))["master_link_status"] == "up",
            "the replica is in sync");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (IAsyncDisposable one in Enumerable.Reverse(_owned))
        {
            await one.DisposeAsync();
        }
    }

    [Theory]
    [Trait("Tier", "Long")]
    [InlineData(200, 100_000)]
    [InlineData(1, 5_000)]
    public async Task Durable_CostsManyClientsLittle(int clients, int requests)
    {
        var targets = new Dictionary<string, int>
        {
            ["without"] = await StartAsync("{}"),
            ["durable"] = await StartAsync("""{ "durable": { "replicas": 1 } }"""),
            ["durable and shared"] = await StartAsync("""{ "durable": { "replicas": 1 }, "multiplex": { "links": 2 } }"""),
        };
        var results = targets.Keys.ToDictionary(static name => name, static _ => new List<(double PerSecond, double MedianMs)>());
        for (int round = 0; round < Rounds; round++)
        {
            foreach ((string name, int port) in targets)
            {
                results[name].Add(await MeasureAsync(port, clients, requests));
            }
        }

        foreach (string name in targets.Keys)
        {
            double medianMs = Median(results[name].Select(static one => one.MedianMs));
            ProgressFile.Say(string.Create(
                CultureInfo.InvariantCulture, $"{clients} clients, {name}: {Ratio(name):F2} of the throughput, median {medianMs:F3} ms"));
        }

        Assert.True(clients == 1 || Ratio("durable") >= LeastRatio, $"{Ratio("durable"):F2}");

        double Ratio(string name) =>
            Median(results[name].Zip(results["without"], static (one, without) => one.PerSecond / without.PerSecond));
    }

    private static double Median(IEnumerable<double> values) => values.Order().ElementAt(Rounds / 2);

    private static async Task<(double PerSecond, double MedianMs)> MeasureAsync(int port, int clients, int requests)
    {
        var start = new ProcessStartInfo("redis-benchmark") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string word in new[] { "-p", $"{port}", "-c", $"{clients}", "-n", $"{requests}", "-t", "set", "-r", "10000", "--csv" })
        {
            start.ArgumentList.Add(word);
        }

        using Process process = Process.Start(start)!;
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();

        // "test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms",…
        string[] fields = output.Trim().Split('\n')[^1].Split(',');
        return (Number(fields[1]), Number(fields[4]));

        static double Number(string field) => double.Parse(field.Trim('"'), CultureInfo.InvariantCulture);
    }

    private async Task<int> StartAsync(string settings)
    {
        var listener = new ProxyListener { Settings = JsonNode.Parse(settings)!.AsObject().ToDictionary(static key => key.Key, Copy) };
        ProxyProcessOptions options = ProxyProcessOptions.For(_master!) with { Listeners = [listener] };
        return Own(await ProxyProcess.StartAsync(options.With("loops.count", 1))).Port;

        static JsonNode? Copy(KeyValuePair<string, JsonNode?> key) => key.Value?.DeepClone();
    }

    private T Own<T>(T one)
        where T : IAsyncDisposable
    {
        _owned.Add(one);
        return one;
    }
}
