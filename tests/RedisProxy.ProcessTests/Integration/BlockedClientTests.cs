using System.Net.Http.Headers;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Integration;

/// <summary>Clients that wait in a pop while their master is replaced see nothing of it, and get what is pushed to the next one.</summary>
public sealed class BlockedClientTests(ITestOutputHelper output)
{
    private const string Token = "t0ken-canary";

    // The key, what waits at it, and what ends the wait.
    private static readonly (string Key, string Wait, string Push)[] Waits =
    [
        ("blpop", "BLPOP blpop 0", "RPUSH blpop e"),
        ("brpop", "BRPOP brpop other 0", "RPUSH brpop e"),
        ("blmove", "BLMOVE blmove to LEFT LEFT 0", "RPUSH blmove e"),
        ("brpoplpush", "BRPOPLPUSH brpoplpush to 0", "RPUSH brpoplpush e"),
        ("blmpop", "BLMPOP 0 1 blmpop LEFT", "RPUSH blmpop e"),
        ("bzpopmin", "BZPOPMIN bzpopmin 0", "ZADD bzpopmin 1 e"),
        ("bzpopmax", "BZPOPMAX bzpopmax 100", "ZADD bzpopmax 1 e"),
        ("bzmpop", "BZMPOP 100 1 bzmpop MIN", "ZADD bzmpop 1 e"),
        ("group", "XREADGROUP GROUP g c BLOCK 0 STREAMS group >", "XADD group * f e"),
        ("stream", "XREAD BLOCK 100000 STREAMS stream $", "XADD stream * f e"),
    ];

    [Theory]
    [InlineData(false, "2")]
    [InlineData(false, "3")]
    [InlineData(true, "2")]
    [InlineData(true, "3")]
    public async Task PlannedFailover_WithClientsInEachKindOfPop_IsNotSeenByThem(bool onDemand, string protocol)
    {
        await using FailoverFixture fixture = await FailoverFixture.StartAsync(configure: options => options.With("admin.token", Token));
        using RawClient other = await fixture.ConnectAsync();
        await other.CallAsync("XGROUP", "CREATE", "group", "g", "$", "MKSTREAM");
        var clients = new List<RawClient>();
        foreach ((_, string wait, _) in Waits)
        {
            RawClient client = await fixture.ConnectAsync();
            clients.Add(client);
            client.Timeout = FailoverFixture.Patience;
            await client.CallAsync("HELLO", protocol);
            await client.SendCommandAsync(wait.Split(' '));
        }

        await WaitForBlockedAsync(fixture.FirstMaster);
        using (HttpResponseMessage? response = onDemand ? await OrderAsync(fixture.Proxy) : null)
        {
            if (response is null)
            {
                await fixture.Deployment.FailoverAsync();
            }
            else
            {
                output.WriteLine(await response.Content.ReadAsStringAsync());
                Assert.True(response.IsSuccessStatusCode);
            }
        }

        RedisServer master = await fixture.Deployment.WaitForMasterAsync(fixture.FirstMaster, FailoverFixture.Patience);
        await WaitForBlockedAsync(master);
        Assert.All(clients, client => Assert.Equal("", client.Pending));
        foreach ((string key, _, string push) in Waits)
        {
            Assert.False((await master.CallAsync(push.Split(' '))).IsError, key);
        }

        foreach (((string key, _, _), RawClient client) in Waits.Zip(clients))
        {
            RawReply reply = await client.ReadReplyAsync();
            Assert.True(!reply.IsError && reply.ToString().Contains("\"e\"", StringComparison.Ordinal), $"{key}: {reply}");
            Assert.Equal("OK", (await client.CallAsync("SET", "after", "x")).Text);
            client.Dispose();
        }
    }

    [Fact]
    public async Task Killed_WithClientsInAPop_ClosesThem()
    {
        await using FailoverFixture fixture = await FailoverFixture.StartAsync();
        using RawClient client = await fixture.ConnectAsync();
        client.Timeout = FailoverFixture.Patience;
        await client.SendAsync("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n*3\r\n$5\r\nBLPOP\r\n$1\r\nq\r\n$1\r\n0\r\n");
        await Eventually.Within(
            FailoverFixture.Patience, async () => await BlockedAsync(fixture.FirstMaster) == 1, "it waits");
        await fixture.FirstMaster.KillAsync();
        Assert.Equal(new ConnectionEnd("+OK\r\n", WasReset: false), await client.ReadToEndAsync());
    }

    private static async Task<int> BlockedAsync(RedisServer server) =>
        int.Parse((await server.InfoAsync("clients"))["blocked_clients"], System.Globalization.CultureInfo.InvariantCulture);

    private static Task WaitForBlockedAsync(RedisServer server) => Eventually.Within(
        FailoverFixture.Patience, async () => await BlockedAsync(server) == Waits.Length, $"all clients wait at {server}");

    private static async Task<HttpResponseMessage> OrderAsync(ProxyProcess proxy)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("failover", UriKind.Relative));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        return await proxy.Http.SendAsync(request);
    }
}
