using System.Globalization;
using System.Text.Json.Nodes;

using RedisProxy.ProcessTests.Harness;
using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Integration;

/// <summary>The facade of a running proxy, beside real Sentinels.</summary>
public sealed class SentinelFacadeTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    /// <summary>To which the facade and a Sentinel reply the same bytes, in RESP2 and in RESP3.</summary>
    private static readonly string[] SameReplies =
    [
        "PING", "PING hi", "PING a b", "HELLO 4", "HELLO x", "HELLO 3 FOO", "HELLO 2 AUTH bob x", "AUTH x", "AUTH a b", "AUTH a b c",
        "AUTH default x", "AUTH", "CLIENT SETNAME x", "CLIENT GETNAME", "CLIENT NOSUCH", "CLIENT", "CLIENT LIST ID 987654",
        "CLIENT LIST FOO", "COMMAND FOO", "ROLE", "ROLE x", "INFO foo", "FOO a", "GET a", "SET a b",
        "SENTINEL", "SENTINEL NOSUCH", "SENTINEL MASTER", "SENTINEL MASTER nosuch", "SENTINEL REPLICAS nosuch", "SENTINEL SLAVES nosuch",
        "SENTINEL SENTINELS nosuch", "SENTINEL CKQUORUM nosuch", "SENTINEL CKQUORUM mymaster", "SENTINEL GET-MASTER-ADDR-BY-NAME nosuch",
        "SENTINEL GET-MASTER-ADDR-BY-NAME", "SENTINEL GET-MASTER-ADDR-BY-NAME a b", "SENTINEL MASTERS x", "SENTINEL MYID x",
        "SENTINEL IS-MASTER-DOWN-BY-ADDR 127.0.0.1 1 0 *", "SENTINEL IS-MASTER-DOWN-BY-ADDR 127.0.0.1 x 0 *",
        "SENTINEL IS-MASTER-DOWN-BY-ADDR", "UNSUBSCRIBE", "PUNSUBSCRIBE x", "SUBSCRIBE",
    ];

    [Fact]
    public async Task Replies_ComparedWithThoseOfASentinel_AreTheSameOrHaveTheSameShape()
    {
        await using SentinelDeployment deployment = await SentinelDeployment.StartAsync();
        int port = FreePorts.Take();
        await using ProxyProcess proxy = await StartAsync(deployment, port);
        await Eventually.Within(
            Patience, async () => (await proxy.ScrapeAsync()).Sum("redisproxy_sentinels") >= 6, "the proxy is connected to all Sentinels");
        foreach (string protocol in new[] { "2", "3" })
        {
            using RawClient sentinel = await deployment.Sentinels[0].ConnectAsync();
            using RawClient facade = await RawClient.ConnectAsync(port);
            RawReply hello = await sentinel.CallAsync("HELLO", protocol);
            Assert.Equal(Keys(hello), Keys(await facade.CallAsync("HELLO", protocol)));
            await facade.CallAsync("CLIENT", "SETNAME", SentinelServer.HarnessClientName);
            foreach (string request in SameReplies)
            {
                RawReply expected = await sentinel.CallAsync(request.Split(' '));
                Assert.Equal($"{request} {expected}", $"{request} {await facade.CallAsync(request.Split(' '))}");
            }

            RawReply master = await facade.CallAsync("SENTINEL", "MASTER", "mymaster");
            RawReply original = await sentinel.CallAsync("SENTINEL", "MASTER", "mymaster");
            Assert.Equal(Keys(original), Keys(master));
            foreach (string field in new[] { "name", "flags", "config-epoch", "num-other-sentinels", "quorum", "role-reported" })
            {
                Assert.Equal((field, original.Value(field)), (field, master.Value(field)));
            }

            Assert.Equal(("127.0.0.1", $"{proxy.Port}"), (master.Value("ip"), master.Value("port")));
            Assert.Equal(original.Kind, master.Kind);
            Assert.Single((await facade.CallAsync("SENTINEL", "MASTERS")).Items);
            string[] ours = NamesOf(await facade.CallAsync("INFO", "sentinel"));
            // The facade is a redis 7.0; later ones say this, too.
            Assert.Equal(NamesOf(await sentinel.CallAsync("INFO", "sentinel")).Where(name => name != "sentinel_total_tilt"), ours);
            Assert.Equal(
                (await sentinel.CallAsync("SUBSCRIBE", "a")).ToString(), (await facade.CallAsync("SUBSCRIBE", "a")).ToString());
            Assert.Equal((await sentinel.CallAsync("PING")).ToString(), (await facade.CallAsync("PING")).ToString());
            RawReply restricted = await sentinel.CallAsync("SENTINEL", "MYID", "x");
            Assert.Equal(restricted.ToString(), (await facade.CallAsync("SENTINEL", "MYID", "x")).ToString());
            restricted = await sentinel.CallAsync("ROLE");
            Assert.Equal(restricted.ToString(), (await facade.CallAsync("ROLE")).ToString());
        }
    }

    [Fact]
    public async Task Subscribers_AcrossAFailover_AreToldAndTheAddressStays()
    {
        await using SentinelDeployment deployment = await SentinelDeployment.StartAsync();
        int port = FreePorts.Take();
        await using ProxyProcess proxy = await StartAsync(deployment, port);
        using RawClient subscriber = await RawClient.ConnectAsync(port);
        await subscriber.CallAsync("SUBSCRIBE", "+switch-master");
        using RawClient asking = await RawClient.ConnectAsync(port);
        using RawClient session = await proxy.ConnectAsync();
        Assert.Equal("OK", (await session.CallAsync("SET", "k", "v")).Text);
        string address = $"""*["127.0.0.1" "{proxy.Port}"]""";
        Assert.Equal(address, await AddressAsync());

        RedisServer old = deployment.Servers[0];
        await old.KillAsync();
        session.Timeout = subscriber.Timeout = Patience;
        Task<RawReply> news = subscriber.ReadReplyAsync();
        while (!news.IsCompleted)
        {
            Assert.Equal(address, await AddressAsync());
            await Task.WhenAny(news, Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System));
        }

        Assert.Equal($"mymaster 127.0.0.1 {proxy.Port} 127.0.0.1 {proxy.Port}", (await news).Items[2].Text);
        Assert.Equal("v", (await session.CallAsync("GET", "k")).Text);
        Assert.Equal(address, await AddressAsync());

        async Task<string> AddressAsync() => (await asking.CallAsync("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "mymaster")).ToString();
    }

    [Fact]
    public async Task Reload_ChangesWhatIsAnnouncedAndWhoMayAsk()
    {
        await using RedisServer server = await RedisServer.StartAsync();
        int port = FreePorts.Take();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(server)
            .With("sentinelFacade.bind", $"127.0.0.1:{port}"));
        using RawClient known = await RawClient.ConnectAsync(port);
        Assert.Equal(
            $"""*["127.0.0.1" "{proxy.Port}"]""", (await known.CallAsync("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "default")).ToString());

        int added = FreePorts.Take();
        JsonNode root = JsonNode.Parse(proxy.Configuration)!;
        root["sentinelFacade"]!["advertise"] = new JsonObject { ["default"] = "proxy.example:7000" };
        root["sentinelFacade"]!["password"] = "facade-canary";
        root["listeners"]!.AsArray().Add(new JsonObject { ["name"] = "more", ["bind"] = $"127.0.0.1:{added}" });
        await File.WriteAllTextAsync(proxy.ConfigurationPath, root.ToJsonString());
        proxy.Process.HangUp();
        await Eventually.Within(
            Patience,
            async () => (await known.CallAsync("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "default")).ToString()
                == """*["proxy.example" "7000"]""",
            "the other address is announced");
        Assert.Equal(
            $"""*["127.0.0.1" "{added}"]""", (await known.CallAsync("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "more")).ToString());
        using RawClient stranger = await RawClient.ConnectAsync(port);
        Assert.Equal("NOAUTH", (await stranger.CallAsync("SENTINEL", "MASTERS")).ErrorCode);
        Assert.Equal("OK", (await stranger.CallAsync("AUTH", "facade-canary")).Text);
        Assert.Equal(2, (await stranger.CallAsync("SENTINEL", "MASTERS")).Items.Count);
        Assert.Equal("NOQUORUM", (await stranger.CallAsync("SENTINEL", "CKQUORUM", "more")).ErrorCode);
        Assert.DoesNotContain("canary", proxy.Process.LogTail, StringComparison.Ordinal);
    }

    [EpollFact("steers connections")]
    public async Task Successor_TakesTheFacadesAddressOver()
    {
        await using RedisServer server = await RedisServer.StartAsync();
        int port = FreePorts.Take();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(server)
            .With("sentinelFacade.bind", $"127.0.0.1:{port}"));
        string old = await IdAsync();
        await using ProxyProcess successor = await proxy.StartSuccessorAsync("--take-over");
        string now = await IdAsync();
        Assert.NotEqual(old, now);
        Assert.Equal(0, await proxy.StopAsync());
        Assert.Equal(now, await IdAsync());

        async Task<string> IdAsync()
        {
            using RawClient client = await RawClient.ConnectAsync(port);
            return (await client.CallAsync("SENTINEL", "MYID")).Text!;
        }
    }

    [Fact]
    public async Task Address_ThatIsTaken_EndsTheStartWithAReason()
    {
        await using RedisServer server = await RedisServer.StartAsync();
        (int exitCode, string text) = await ProxyProcess.RunToExitAsync(ProxyProcessOptions.For(server)
            .With("sentinelFacade.bind", $"127.0.0.1:{server.Port.ToString(CultureInfo.InvariantCulture)}")
            .With("backend.endpoint", $"localhost:{FreePorts.Take()}"));
        Assert.Equal(1, exitCode);
        Assert.Contains($"Cannot start: sentinelFacade.bind: cannot listen on 127.0.0.1:{server.Port}", text, StringComparison.Ordinal);
    }

    private static Task<ProxyProcess> StartAsync(SentinelDeployment deployment, int port) => ProxyProcess.StartAsync(
        ProxyProcessOptions.For(deployment).With("hold.timeout", "20s").With("sentinelFacade.bind", $"127.0.0.1:{port}"));

    private static string[] Keys(RawReply reply) => [.. reply.Items.Where((_, i) => i % 2 == 0).Select(key => key.Text!)];

    // The names of fields, and of the parts of a master's line.
    private static string[] NamesOf(RawReply info) =>
        [.. info.Text!.Split("\r\n").Select(line => string.Join(',', line.Split(',').Select(part => part.Split(':', '=')[0])))];
}
