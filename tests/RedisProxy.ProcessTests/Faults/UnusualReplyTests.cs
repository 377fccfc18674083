using System.Globalization;

using RedisProxy.Resp;
using RedisProxy.Testing;
using RedisProxy.Tests.Sessions;
using RedisProxy.Tests.Topology;

namespace RedisProxy.ProcessTests.Faults;

/// <summary>Replies that few commands give, from a real server through a real proxy.</summary>
public sealed class UnusualReplyTests
{
    private const string SelfContaining = "local t = {}; t[1] = t; return t";
    private const string Nested = "local t = {'core'}; for i = 1, 4999 do t = {t} end; return t";

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task DeeplyNestedReplies_AreThoseOfTheServer(int protocol)
    {
        await using RedisServer server = await RedisServer.StartAsync();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(server));
        string requests = string.Concat(
            Requests.Of("HELLO", protocol.ToString(CultureInfo.InvariantCulture)),
            Requests.Of("EVAL", SelfContaining, "0"),
            Requests.Of("EVAL", Nested, "0"),
            Requests.Of("GET", "k"),
            Requests.Of("QUIT"));
        using RawClient direct = await RawClient.ConnectAsync(server.Address, server.Port);
        using RawClient client = await proxy.ConnectAsync();
        await direct.SendAsync(requests);
        await client.SendAsync(requests);
        string expected = (await direct.ReadToEndAsync()).Rest;
        string actual = (await client.ReadToEndAsync()).Rest;
        Assert.Contains("stack limit", expected, StringComparison.Ordinal);
        Assert.Equal(WithoutId(expected), WithoutId(actual));
    }

    [Fact]
    public async Task ReplyThatIsNestedDeeperThanAllowed_EndsTheSessionWithALine()
    {
        string deep = string.Concat(Enumerable.Repeat("*1\r\n", RespLimits.MaxReplyDepth + 1)) + ":1\r\n";
        await using var server = new ScriptedServer((_, request) => request[0] == "DEEP" ? deep : "+OK\r\n");
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyProcessOptions { BackendEndpoint = $"{server.Address}" });
        using RawClient client = await proxy.ConnectAsync();
        await client.SendCommandAsync("DEEP");
        Assert.DoesNotContain(":1", (await client.ReadToEndAsync()).Rest, StringComparison.Ordinal);
        await Testing.Eventually.Within(
            TimeSpan.FromSeconds(10),
            () => proxy.Process.LogTail.Contains("nested deeper than 16384 levels", StringComparison.Ordinal),
            "the log says why");
        MetricsSnapshot metrics = await proxy.ScrapeAsync();
        Assert.Equal(1, metrics.Sum("redisproxy_sessions_ended_total", ("reason", "backend_protocol_error")));
    }

    [Fact]
    public async Task ValueThatReadsLikeAMessage_OfASubscriberInResp3_IsAReply()
    {
        await using RedisServer server = await RedisServer.StartAsync();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(server));
        double before = await CountEndsAsync();
        using (RawClient client = await proxy.ConnectAsync())
        {
            await client.CallAsync("HELLO", "3");
            Assert.Equal('>', (await client.CallAsync("SUBSCRIBE", "c")).Kind);
            await client.CallAsync("HSET", "h", "message", "c");
            Assert.Equal("*[\"message\"]", (await client.CallAsync("HKEYS", "h")).ToString());
            Assert.Equal("PONG", (await client.CallAsync("PING")).Text);
            await server.CallAsync("PUBLISH", "c", "m");
            Assert.Equal(">[\"message\" \"c\" \"m\"]", (await client.ReadReplyAsync()).ToString());
        }

        await Testing.Eventually.Within(
            TimeSpan.FromSeconds(10),
            async () => await CountEndsAsync() == before + 1,
            "the session ends with its client");

        async Task<double> CountEndsAsync() =>
            (await proxy.ScrapeAsync()).Sum("redisproxy_sessions_ended_total", ("reason", "client_closed"));
    }

    [Fact]
    public async Task RenamedCommands_AreToldOfAndDisabledOnesAreNot()
    {
        await using RedisServer server = await RedisServer.StartAsync(new RedisServerOptions
        {
            Lines = ["rename-command MULTI begin", "rename-command SUBSCRIBE listen", "rename-command MONITOR \"\""],
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(server));
        await Testing.Eventually.Within(
            TimeSpan.FromSeconds(10),
            () => proxy.Process.LogTail.Contains("has renamed multi, subscribe (rename-command)", StringComparison.Ordinal),
            "the log tells of both");
    }

    private static string WithoutId(string text) => System.Text.RegularExpressions.Regex.Replace(text, "id\r\n:[0-9]+", "id");
}
