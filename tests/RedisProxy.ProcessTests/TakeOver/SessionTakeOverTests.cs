using System.Text.Json.Nodes;

using RedisProxy.ProcessTests.Harness;
using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.TakeOver;

/// <summary>Sessions go on in the process that takes over, and neither the application nor the server notices.</summary>
public sealed class SessionTakeOverTests(ITestOutputHelper output)
{
    // Where processes start on processors that others use, too, and compile themselves: a pause that is noticed, but no hang.
    private const int MaxPauseMs = 2000;

    // With the machine to themselves.
    private const int MaxPauseAloneMs = 200;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [EpollFact("passes connections on")]
    public async Task Sessions_OfEveryKind_GoOnThroughTakeOversInARow()
    {
        await using RedisServer server = await RedisServer.StartAsync();
        ProxyProcess proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(server));
        using RawClient idle = await proxy.ConnectAsync();
        await idle.CallAsync("CLIENT", "SETNAME", "steady");
        await idle.CallAsync("SELECT", "3");
        long id = (await idle.CallAsync("CLIENT", "ID")).Number;
        using RawClient subscriber = await proxy.ConnectAsync();
        await subscriber.CallAsync("SUBSCRIBE", "news");
        using RawClient transaction = await proxy.ConnectAsync();
        await transaction.CallAsync("MULTI");
        await transaction.CallAsync("SET", "k", "1");
        using RawClient watcher = await proxy.ConnectAsync();
        await watcher.CallAsync("WATCH", "watched");
        using RawClient loser = await proxy.ConnectAsync();
        await loser.CallAsync("WATCH", "changed");
        using RawClient waiting = await proxy.ConnectAsync();
        await waiting.SendCommandAsync("BLPOP", "list", "0");
        using RawClient slow = await proxy.ConnectAsync();
        await slow.SendAsync("*2\r\n$4\r\nECHO\r\n$5\r\nhe");
        for (int i = 0; i < 3; i++)
        {
            proxy = await ReplaceAsync(proxy);
        }

        Assert.Equal(id, (await idle.CallAsync("CLIENT", "ID")).Number);
        Assert.Equal("steady", (await idle.CallAsync("CLIENT", "GETNAME")).Text);
        Assert.Contains("db=3", (await idle.CallAsync("CLIENT", "INFO")).Text, StringComparison.Ordinal);
        await idle.CallAsync("PUBLISH", "news", "hello");
        Assert.Equal("hello", (await subscriber.ReadReplyAsync()).Items[2].Text);
        Assert.Equal("OK", (await transaction.CallAsync("EXEC")).Items[0].Text);
        await idle.CallAsync("SELECT", "0");
        await idle.CallAsync("SET", "changed", "1");
        await loser.CallAsync("MULTI");
        await watcher.CallAsync("MULTI");
        await loser.CallAsync("PING");
        await watcher.CallAsync("PING");
        Assert.True((await loser.CallAsync("EXEC")).IsNull);
        Assert.Equal("PONG", (await watcher.CallAsync("EXEC")).Items[0].Text);
        await idle.CallAsync("RPUSH", "list", "element");
        Assert.Equal("element", (await waiting.ReadReplyAsync()).Items[1].Text);
        await slow.SendAsync("llo\r\n");
        Assert.Equal("hello", (await slow.ReadReplyAsync()).Text);
        await proxy.DisposeAsync();
    }

    [EpollFact("passes connections on")]
    public async Task ManySessions_UnderLoad_SeeNeitherAnErrorNorALongPause()
    {
        await using RedisServer server = await RedisServer.StartAsync();
        await TakeOverUnderLoadAsync(server, ProxyProcessOptions.For(server), sessions: 200, times: 2);
    }

    [EpollFact("passes connections on")]
    [Trait("Tier", "Long")]
    public async Task ManySessions_ThatShareLinks_SeeNeitherAnErrorNorALongPause()
    {
        await using RedisServer server = await RedisServer.StartAsync();
        ProxyProcessOptions options = ProxyProcessOptions.For(server) with
        {
            Listeners =
            [
                new ProxyListener { Settings = new Dictionary<string, JsonNode?> { ["multiplex"] = new JsonObject { ["links"] = 2 } } },
            ],
        };
        await TakeOverUnderLoadAsync(server, options, sessions: 200, times: 2, sharesLinks: true);
    }

    [EpollFact("passes connections on")]
    [Trait("Tier", "Long")]
    public async Task ThousandsOfSessions_ThroughAHundredTakeOvers_SeeNeitherAnErrorNorALongPause()
    {
        await using RedisServer server = await RedisServer.StartAsync();
        int times = int.TryParse(Environment.GetEnvironmentVariable("REDISPROXY_TEST_TAKEOVERS"), out int given) ? given : 100;
        ProxyProcessOptions options = ProxyProcessOptions.For(server).With("shutdown.drainTimeout", "30s");
        await TakeOverUnderLoadAsync(server, options, sessions: 8000, times, maxPauseMs: MaxPauseAloneMs);
    }

    [EpollFact("passes connections on")]
    public async Task Sessions_ThatWereTakenOver_StayThroughAFailover()
    {
        await using SentinelDeployment deployment = await SentinelDeployment.StartAsync();
        ProxyProcess proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(deployment));
        using RawClient client = await proxy.ConnectAsync();
        await client.CallAsync("CLIENT", "SETNAME", "steady");
        using RawClient transaction = await proxy.ConnectAsync();
        await transaction.CallAsync("MULTI");
        await transaction.CallAsync("SET", "k", "1");
        proxy = await ReplaceAsync(proxy);
        await deployment.FailoverAsync();
        Assert.Equal("steady", (await client.CallAsync("CLIENT", "GETNAME")).Text);
        proxy = await ReplaceAsync(proxy);
        Assert.Equal("OK", (await transaction.CallAsync("EXEC")).Items[0].Text);
        await proxy.DisposeAsync();
    }

    [EpollFact("passes connections on")]
    public async Task TakeOver_IsOnRecordInBothLogsAndInTheNewProcess()
    {
        await using RedisServer server = await RedisServer.StartAsync();
        await using ProxyProcess first = await ProxyProcess.StartAsync(
            ProxyProcessOptions.For(server).With("shutdown.drainTimeout", "500ms"));
        using RawClient one = await first.ConnectAsync();
        await one.CallAsync("PING");
        using RawClient other = await first.ConnectAsync();
        await other.CallAsync("PING");
        using RawClient monitor = await first.ConnectAsync();
        await monitor.CallAsync("MONITOR");
        await using ProxyProcess second = await first.StartSuccessorAsync("--take-over");
        await Eventually.Within(Patience, async () => (int?)(await TakeOverAsync(second))?["sessions"] == 2, "both have come");
        Assert.Null((await TakeOverAsync(second))!["stayed"]);
        Assert.Equal(0, await first.StopAsync());

        const string Stayed = "stayed: unframed 1; none was quiet for longer than ";
        await Eventually.Within(
            Patience, async () => (await TakeOverAsync(second))!["stayed"] is not null, "the other one has said the rest");
        JsonNode record = (await TakeOverAsync(second))!;
        output.WriteLine(record.ToJsonString());
        Assert.Equal((2, first.Process.Id), ((int)record["sessions"]!, (int)record["process"]!));
        Assert.Equal("""{"unframed":1}""", record["stayed"]!.ToJsonString());
        Assert.InRange((double)record["longestQuietSeconds"]!, 0.000001, 10);
        Assert.Contains($"2 session(s) went to process {second.Process.Id}, which takes over; {Stayed}", first.Process.LogTail);
        await Eventually.Within(
            Patience, () => second.Process.LogTail.Contains($"2 session(s) came from process {first.Process.Id}; {Stayed}"), "it logs it");
        JsonNode history = JsonNode.Parse(await second.Http.GetStringAsync(new Uri("history", UriKind.Relative)))!;
        Assert.Equal(record.ToJsonString(), history["takeOvers"]![0]!.ToJsonString());
        using var text = new HttpRequestMessage(HttpMethod.Get, new Uri("status", UriKind.Relative));
        text.Headers.Accept.ParseAdd("text/plain");
        using HttpResponseMessage shown = await second.Http.SendAsync(text);
        Assert.Contains(
            $"  took over  2 session(s) from process {first.Process.Id}; {Stayed}", await shown.Content.ReadAsStringAsync());
    }

    private static async Task<JsonNode?> TakeOverAsync(ProxyProcess proxy) =>
        JsonNode.Parse(await proxy.Http.GetStringAsync(new Uri("status", UriKind.Relative)))!["listeners"]![0]!["takeOver"];

    [EpollFact("passes connections on")]
    public async Task Process_WhoseListenerIsConfiguredOtherwise_GetsNoSessionsAndBothSaySo()
    {
        await using RedisServer server = await RedisServer.StartAsync();
        await using RedisServer another = await RedisServer.StartAsync();
        await using ProxyProcess first = await ProxyProcess.StartAsync(ProxyProcessOptions.For(server));
        using RawClient client = await first.ConnectAsync();
        await client.CallAsync("PING");
        await using ProxyProcess second = await first.StartSuccessorAsync("--take-over", "--backend", another.Endpoint);
        await Eventually.Within(
            Patience, () => first.Process.LogTail.Contains("its listener is configured otherwise", StringComparison.Ordinal), "it says so");
        await Eventually.Within(
            Patience, () => second.Process.LogTail.Contains("do not come here", StringComparison.Ordinal), "the other one says so, too");
        Assert.Equal("PONG", (await client.CallAsync("PING")).Text);
        Assert.Equal(0, await first.StopAsync());
        Assert.False((await client.ReadToEndAsync()).WasReset);
    }

    /// <summary>
    /// Beside them are clients of another proxy, which is not replaced. Their pauses are the machine's: it has other things to do, such as
    /// starting processes.
    /// </summary>
    private async Task TakeOverUnderLoadAsync(
        RedisServer server, ProxyProcessOptions options, int sessions, int times, bool sharesLinks = false, int maxPauseMs = MaxPauseMs)
    {
        ProxyProcess proxy = await ProxyProcess.StartAsync(options);
        List<RawClient> idle = [];
        while (idle.Count < sessions)
        {
            idle.Add(await proxy.ConnectAsync());
            await idle[^1].CallAsync("SELECT", "0");
        }

        long[] ids = await IdsAsync(idle);
        await using var load = new SteadyLoad(proxy.Port, clients: 6, depth: 10);
        await using ProxyProcess untouched = await ProxyProcess.StartAsync(options);
        await using var beside = new SteadyLoad(untouched.Port, clients: 2, depth: 10);
        await load.SomeRepliesAsync(1000);
        await beside.SomeRepliesAsync(1000);
        long memory = 0;
        var pauses = new List<long>();
        for (int i = 0; i < times; i++)
        {
            load.TakeLongestPauseMs();
            beside.TakeLongestPauseMs();
            proxy = await ReplaceAsync(proxy);
            long pauseMs = load.TakeLongestPauseMs();
            long besideMs = beside.TakeLongestPauseMs();
            await load.SomeRepliesAsync(1000);
            int descriptors = Directory.GetFiles($"/proc/{proxy.Process.Id}/fd").Length;
            memory = i == 0 ? proxy.Process.MemoryBytes : memory;
            output.WriteLine(
                $"{i}: longest pause {pauseMs} ms, beside {besideMs} ms, {descriptors} descriptors, "
                    + $"{proxy.Process.MemoryBytes >> 20} MiB, {load.Replies} replies");
            pauses.Add(pauseMs - besideMs);
            Assert.InRange(descriptors, 0, 300 + (2 * (sessions + 6)));
            Assert.InRange(proxy.Process.MemoryBytes, 0, (memory * 3 / 2) + (16 << 20));
        }

        long[] idsAfter = await IdsAsync(idle);
        Assert.True(sharesLinks || ids.SequenceEqual(idsAfter), "each has its own connection to the server still");
        await beside.StopAsync();
        await load.StopAsync();
        Assert.Equal((0, ""), (load.Closed, string.Join('\n', load.Faults.Concat(beside.Faults))));
        long accepted = long.Parse((await server.InfoAsync("stats"))["total_connections_received"], null);
        output.WriteLine($"the server has accepted {accepted} connections");
        Assert.InRange(pauses.Order().ElementAt(pauses.Count / 2), long.MinValue, maxPauseMs);
        idle.ForEach(static client => client.Dispose());
        await proxy.DisposeAsync();
    }

    private static async Task<long[]> IdsAsync(IReadOnlyList<RawClient> clients)
    {
        var ids = new List<long>();
        foreach (RawClient client in clients)
        {
            ids.Add((await client.CallAsync("CLIENT", "ID")).Number);
        }

        return [.. ids];
    }

    /// <summary>As an operator does it: the new one is started, and when it is up, the old one is stopped.</summary>
    private static async Task<ProxyProcess> ReplaceAsync(ProxyProcess proxy)
    {
        ProxyProcess successor = await proxy.StartSuccessorAsync("--take-over");
        Assert.Equal(0, await proxy.StopAsync());
        Assert.DoesNotContain("error", proxy.Process.LogTail, StringComparison.OrdinalIgnoreCase);
        await proxy.DisposeAsync();
        return successor;
    }
}
