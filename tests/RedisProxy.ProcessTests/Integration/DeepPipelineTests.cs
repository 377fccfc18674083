using System.Diagnostics;
using System.Text;

using RedisProxy.ProcessTests.Harness;
using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Integration;

/// <summary>A client that writes all that it has to say before it reads a word, as redis lets it.</summary>
[Collection(HeavyLoad.Tests)]
public sealed class DeepPipelineTests(ITestOutputHelper output)
{
    private const int Requests = 600_000;

    [Theory]
    [InlineData("GET", "k")]
    [InlineData("SELECT", "0")]
    public async Task PipelineThatIsWrittenBeforeAnythingIsRead_IsAnsweredWhole(params string[] words)
    {
        await using RedisServer server = await RedisServer.StartAsync();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(server).With("loops.count", 1));
        Assert.Equal("OK", (await server.CallAsync("SET", "k", "0123456789")).Text);
        string reply = words[0] == "GET" ? "$10\r\n0123456789\r\n" : "+OK\r\n";
        TimeSpan direct = await RunAsync(await server.ConnectAsync(), words, reply);
        TimeSpan proxied = await RunAsync(await proxy.ConnectAsync(), words, reply);
        output.WriteLine($"{Requests} × {words[0]}: direct {direct.TotalSeconds:0.00} s, proxied {proxied.TotalSeconds:0.00} s");
        await Eventually.Within(
            TimeSpan.FromSeconds(10),
            async () => (await proxy.ScrapeAsync()).Sum("redisproxy_sessions_ended_total", ("reason", "client_closed")) > 0,
            "the client was served to its end");
        MetricsSnapshot metrics = await proxy.ScrapeAsync();
        Assert.Equal(0, metrics.Sum("redisproxy_sessions_ended_total", ("reason", "memory_shed")));
        Assert.Equal(0, metrics.Sum("redisproxy_in_flight_requests"));
    }

    private static async Task<TimeSpan> RunAsync(RawClient client, string[] words, string reply)
    {
        using RawClient owned = client;
        client.Timeout = TimeSpan.FromSeconds(60);
        byte[] request = RawClient.Command(words);
        byte[] requests = new byte[request.Length * Requests];
        for (int i = 0; i < Requests; i++)
        {
            request.CopyTo(requests, i * request.Length);
        }

        var watch = Stopwatch.StartNew();
        await client.SendAsync(requests);
        var expected = new StringBuilder().Insert(0, reply, 1000).ToString();
        for (int i = 0; i < Requests; i += 1000)
        {
            Assert.Equal(expected, await client.ReadExactlyAsync(expected.Length));
        }

        return watch.Elapsed;
    }
}
