using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;

using RedisProxy.Hosting;
using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Integration;

public sealed class LifeCycleTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Proxy_StartedBeforeItsServer_ListensHoldsAndSaysWhatItWaitsFor()
    {
        int port = FreePorts.Take();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            new ProxyProcessOptions { BackendEndpoint = $"127.0.0.1:{port}" }.With("hold.timeout", "30s"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await proxy.Http.GetAsync("/healthz/ready")).StatusCode);
        using RawClient client = await proxy.ConnectAsync();
        client.Timeout = Patience;
        await client.SendCommandAsync("SET", "k", "v");
        await Eventually.Within(
            Patience, () => proxy.Process.LogTail.Contains($"{port}", StringComparison.Ordinal), "the log names the server");
        await using RedisServer server = await RedisServer.StartAsync(new RedisServerOptions { Port = port });
        Assert.Equal("OK", (await client.ReadReplyAsync()).Text);
        Assert.Equal(HttpStatusCode.OK, (await proxy.Http.GetAsync("/healthz/ready")).StatusCode);
    }

    [Fact]
    public async Task LogAsJson_IsAnObjectOnEachLine_WithTheNumberOfTheEvent()
    {
        await using RedisServer server = await RedisServer.StartAsync();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            ProxyProcessOptions.For(server) with { Arguments = ["--log-format", "json"] });
        Assert.Equal(0, await proxy.StopAsync());

        JsonNode[] events = [.. (await File.ReadAllLinesAsync(proxy.Process.LogFile)).Select(line => JsonNode.Parse(line)!)];
        JsonNode up = Assert.Single(events, one => (int)one["EventId"]! == 1000);
        Assert.Equal("Information", (string?)up["LogLevel"]);
        Assert.StartsWith("RedisProxy ", (string?)up["Message"], StringComparison.Ordinal);
        Assert.EndsWith("Z", (string?)up["Timestamp"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Proxy_StartedBeforeItsSentinels_ListensHoldsAndSaysWhatItWaitsFor()
    {
        int sentinel = FreePorts.Take();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyProcessOptions
        {
            SentinelEndpoints = [$"127.0.0.1:{sentinel}"],
            Listeners = [new ProxyListener { Master = "mymaster" }],
        });
        using RawClient client = await proxy.ConnectAsync();
        await client.SendCommandAsync("PING");
        await Eventually.Within(
            Patience,
            () => proxy.Process.LogTail.Contains("no Sentinel is reachable", StringComparison.Ordinal),
            "the log says what is missing");
        Assert.Equal("ok\n", await proxy.Http.GetStringAsync("/healthz/live"));
    }

    [Fact]
    public async Task ServerRestarted_WithoutSentinel_KeepsEverySession()
    {
        await using RedisServer server = await RedisServer.StartAsync(new RedisServerOptions { AppendOnly = true });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(server));
        using RawClient client = await proxy.ConnectAsync();
        await client.CallAsync("SELECT", "7");
        await client.CallAsync("SET", "k", "v");
        await server.TerminateAsync();
        await client.SendCommandAsync("GET", "k");
        await server.RestartAsync(keepData: true);
        Assert.Equal("v", (await client.ReadReplyAsync()).Text);
        Assert.Contains(" db=7 ", (await client.CallAsync("CLIENT", "INFO")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Terminate_LetsRepliesOutAndEndsWithZero()
    {
        await using RedisServer server = await RedisServer.StartAsync();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            ProxyProcessOptions.For(server).With("shutdown.drainTimeout", "10s"));
        using RawClient quiet = await proxy.ConnectAsync();
        using RawClient busy = await proxy.ConnectAsync();
        Assert.Equal("PONG", (await quiet.CallAsync("PING")).Text);
        await busy.SendCommandAsync("BLPOP", "queue", "2");
        await Eventually.Within(
            Patience, async () => (await server.InfoAsync("clients"))["blocked_clients"] == "1", "the client is blocked");
        Task<int> stopped = proxy.StopAsync();
        Assert.Equal(new ConnectionEnd("", WasReset: false), await quiet.ReadToEndAsync());
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await proxy.Http.GetAsync("/healthz/ready")).StatusCode);
        Assert.Equal(new ConnectionEnd("*-1\r\n", WasReset: false), await busy.ReadToEndAsync());
        Assert.Equal(0, await stopped);
    }

    [Fact]
    public async Task Terminate_AfterTheDrainTimeout_EndsWithZeroAllTheSame()
    {
        await using RedisServer server = await RedisServer.StartAsync();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            ProxyProcessOptions.For(server).With("shutdown.drainTimeout", "200ms"));
        using RawClient busy = await proxy.ConnectAsync();
        await busy.SendCommandAsync("BLPOP", "queue", "0");
        await Eventually.Within(
            Patience, async () => (await server.InfoAsync("clients"))["blocked_clients"] == "1", "the client is blocked");
        Assert.Equal(0, await proxy.StopAsync());
        Assert.True((await busy.ReadToEndAsync()).WasReset);
    }

    [Fact]
    public async Task Terminate_AtTheDrainTimeout_EndsWhatIsQuiescentWithFinAndOnlyTheRestWithReset()
    {
        await using RedisServer server = await RedisServer.StartAsync();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            ProxyProcessOptions.For(server).With("shutdown.drainTimeout", "500ms"));
        var quiet = new List<RawClient>();
        for (int i = 0; i < 200; i++)
        {
            quiet.Add(await proxy.ConnectAsync());
            Assert.Equal("PONG", (await quiet[^1].CallAsync("PING")).Text);
        }

        using RawClient busy = await proxy.ConnectAsync();
        await busy.SendCommandAsync("BLPOP", "queue", "0");
        await Eventually.Within(
            Patience, async () => (await server.InfoAsync("clients"))["blocked_clients"] == "1", "the client is blocked");
        Task<int> stopped = proxy.StopAsync();
        foreach (RawClient client in quiet)
        {
            Assert.Equal(new ConnectionEnd("", WasReset: false), await client.ReadToEndAsync());
            client.Dispose();
        }

        Assert.True((await busy.ReadToEndAsync()).WasReset);
        Assert.Equal(0, await stopped);
    }

    [Fact]
    public async Task Terminate_Twice_EndsAtOnceWithThree()
    {
        await using RedisServer server = await RedisServer.StartAsync();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            ProxyProcessOptions.For(server).With("shutdown.drainTimeout", "10m"));
        proxy.ExpectedExitCode = ExitCode.EndedAtOnce;
        using RawClient busy = await proxy.ConnectAsync();
        await busy.SendCommandAsync("BLPOP", "queue", "0");
        await Eventually.Within(
            Patience, async () => (await server.InfoAsync("clients"))["blocked_clients"] == "1", "the client is blocked");
        proxy.Process.Terminate();
        await Eventually.Within(
            Patience,
            async () => (await proxy.Http.GetAsync("/healthz/ready")).StatusCode == HttpStatusCode.ServiceUnavailable,
            "it has begun to stop");
        proxy.Process.Terminate();
        Assert.Equal(3, await proxy.StopAsync());
        Assert.Contains("Another signal while stopping", proxy.Process.LogTail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MinDelay_TakesClientsForSoLongAfterReadinessIsOff()
    {
        await using RedisServer server = await RedisServer.StartAsync();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(server).With("shutdown.minDelay", "2s"));
        proxy.Process.Terminate();
        await Eventually.Within(
            Patience,
            async () => (await proxy.Http.GetAsync("/healthz/ready")).StatusCode == HttpStatusCode.ServiceUnavailable,
            "readiness is off");
        using RawClient late = await proxy.ConnectAsync();
        Assert.Equal("PONG", (await late.CallAsync("PING")).Text);
        Assert.Equal(new ConnectionEnd("", WasReset: false), await late.ReadToEndAsync());
    }

    [Fact]
    public async Task PortInUse_IsSaidAndEndsWithOne()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;
        (int exitCode, string output) = await ProxyProcess.RunToExitAsync(
            new ProxyProcessOptions { BackendEndpoint = "127.0.0.1:1", Listeners = [new ProxyListener { Bind = $"127.0.0.1:{port}" }] });
        Assert.Equal(1, exitCode);
        Assert.Contains($"cannot listen on 127.0.0.1:{port}", output, StringComparison.Ordinal);

        // One line, and no trace of where in the program it happened.
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[::1]")]
    [InlineData("[::]")]
    [InlineData("0.0.0.0")]
    public async Task Listener_OnOtherAddresses_Accepts(string host)
    {
        await using RedisServer server = await RedisServer.StartAsync();
        int port = FreePorts.Take();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(server) with
        {
            Listeners =
            [
                new ProxyListener { Name = "first" },
                new ProxyListener { Name = "second", Bind = $"{host}:{port}" },
            ],
        });
        if (host != "0.0.0.0")
        {
            using RawClient six = await RawClient.ConnectAsync("::1", port);
            Assert.Equal("PONG", (await six.CallAsync("PING")).Text);
        }

        if (host != "[::1]")
        {
            using RawClient four = await RawClient.ConnectAsync("127.0.0.1", port);
            Assert.Equal("PONG", (await four.CallAsync("PING")).Text);
        }
    }

    [Fact]
    public async Task Listener_OnAUnixPath_ServesAndLeavesNoFile()
    {
        await using RedisServer server = await RedisServer.StartAsync();
        using var folder = new TemporaryFolder();
        string path = folder.File("redis.sock");
        await using (ProxyProcess proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(server) with
        {
            Listeners =
            [
                new ProxyListener { Name = "first" },
                new ProxyListener { Name = "unix", Bind = $"unix:{path}" },
            ],
        }))
        {
            for (int i = 0; i < 4; i++)
            {
                using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
                using RawClient client = RawClient.OfAccepted(socket);
                Assert.Equal("PONG", (await client.CallAsync("PING")).Text);
            }
        }

        Assert.False(File.Exists(path));
    }

    [Fact]
    public async Task AdminOff_OpensNoFurtherPort()
    {
        await using RedisServer server = await RedisServer.StartAsync();
        int port = FreePorts.Take();
        using var folder = new TemporaryFolder();
        (string program, string[] arguments) = ProxyProgram.Command(
            ProxyProgram.Find(), ["--listen", $"{port}", "--backend", server.Endpoint, "--admin", ""]);
        await using ChildProcess process = await ChildProcess.StartAsync("proxy without admin", program, arguments, folder.File("log"));
        await Eventually.Within(
            Patience,
            async () =>
            {
                using RawClient client = await RawClient.ConnectAsync(port);
                return (await client.CallAsync("PING")).Text == "PONG";
            },
            "it serves");
        Assert.DoesNotContain("http", process.LogTail, StringComparison.Ordinal);
        process.Terminate();
        Assert.Equal(0, await process.WaitForExitAsync(Patience));
    }
}
