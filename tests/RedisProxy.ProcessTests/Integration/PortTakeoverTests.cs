using RedisProxy.ProcessTests.CommandLine;
using RedisProxy.ProcessTests.Harness;
using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Integration;

/// <summary>A proxy that is replaced by another one on the same addresses.</summary>
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class PortTakeoverTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [EpollFact("steers connections")]
    public async Task RollingRestart_UnderLoad_RefusesAndResetsNobody()
    {
        await using RedisServer server = await RedisServer.StartAsync();
        ProxyProcess proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(server).With("shutdown.drainTimeout", "5s"));
        await using var load = new RestartLoad(proxy.Port, connecting: 6, pipelining: 6);
        for (int generation = 0; generation < 3; generation++)
        {
            await EventuallyMoreAsync(load);
            ProxyProcess successor = await proxy.StartSuccessorAsync("--take-over");
            await EventuallyMoreAsync(load);
            Assert.Equal(0, await proxy.StopAsync());
            await proxy.DisposeAsync();
            proxy = successor;
        }

        await EventuallyMoreAsync(load);
        await load.StopAsync();
        string alone = $"No other process listens on 127.0.0.1:{proxy.Port} any more";
        await Eventually.Within(
            Patience, () => proxy.Process.LogTail.Contains(alone, StringComparison.Ordinal), "it says that it is alone");
        await proxy.DisposeAsync();
        Assert.Equal("", load.Complaints);
        Assert.Equal(0, load.Closed);
    }

    [Fact]
    public async Task SecondProxy_WithoutTakeOver_SaysThatTheAddressIsInUse()
    {
        await using RedisServer server = await RedisServer.StartAsync();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(server));
        (int exitCode, string output) = await ProxyProcess.RunToExitAsync(ProxyProcessOptions.For(server) with
        {
            Listeners = [new ProxyListener { Bind = $"127.0.0.1:{proxy.Port}" }],
        });
        Assert.Equal(1, exitCode);
        Assert.Contains(
            $"Cannot start: listener 'default': cannot listen on 127.0.0.1:{proxy.Port}: Address already in use",
            output,
            StringComparison.Ordinal);
        (exitCode, output) = await ProxyProcess.RunToExitAsync(
            ProxyProcessOptions.For(server).With("admin.bind", $"127.0.0.1:{proxy.AdminPort}"));
        Assert.Equal(1, exitCode);
        Assert.Contains(
            $"Cannot start: admin.bind: cannot listen on 127.0.0.1:{proxy.AdminPort}: Address already in use; "
                + "a second proxy needs another admin.bind, or --take-over to replace the first",
            output,
            StringComparison.Ordinal);
    }

    [EpollFact("steers connections")]
    public async Task AdminPort_IsTheSuccessorsFromItsStartOn()
    {
        await using RedisServer server = await RedisServer.StartAsync();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(server));
        using RawClient old = await proxy.ConnectAsync();
        await old.CallAsync("PING");
        await using ProxyProcess successor = await proxy.StartSuccessorAsync("--take-over");
        await Eventually.Within(Patience, IsSessionThereAsync, "the session has moved");
        for (int i = 0; i < 20; i++)
        {
            Assert.True(await IsSessionThereAsync());
        }

        Assert.Equal("PONG", (await old.CallAsync("PING")).Text);

        // Each time over a new connection, which the kernel would deal out at random.
        async Task<bool> IsSessionThereAsync()
        {
            using var http = new HttpClient();
            string status = await http.GetStringAsync($"http://127.0.0.1:{proxy.AdminPort}/sessions");
            return status.Contains("\"matching\": 1", StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task UnixSockets_AreHandedOverAndTheAdminsIsItsUsersOnly()
    {
        await using RedisServer server = await RedisServer.StartAsync();
        using var folder = new TemporaryFolder();
        string listener = folder.File("redis.sock");
        string admin = folder.File("admin.sock");
        string[] arguments = ["--listen", $"unix:{listener}", "--backend", server.Endpoint, "--admin", $"unix:{admin}"];
        await using ChildProcess first = await StartAsync(folder.File("first.log"), arguments);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(admin));

        // Verbs need no token here, and the first one is the one that is paused.
        Assert.Equal((0, "paused for at most 60 s: redis\n"), await AskAsync(folder, admin, "pause", "--for", "1m"));
        Assert.Contains("PAUSED", (await AskAsync(folder, admin, "status")).Output, StringComparison.Ordinal);
        await using ChildProcess second = await StartAsync(folder.File("second.log"), [.. arguments, "--take-over"]);
        Assert.DoesNotContain("PAUSED", (await AskAsync(folder, admin, "status")).Output, StringComparison.Ordinal);
        first.Terminate();
        Assert.Equal(0, await first.WaitForExitAsync(Patience));
        Assert.Equal((0, "nothing was paused\n"), await AskAsync(folder, admin, "resume"));
        using var socket = new System.Net.Sockets.Socket(
            System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified);
        await socket.ConnectAsync(new System.Net.Sockets.UnixDomainSocketEndPoint(listener));
        using RawClient client = RawClient.OfAccepted(socket);
        Assert.Equal("PONG", (await client.CallAsync("PING")).Text);
        second.Terminate();
        Assert.Equal(0, await second.WaitForExitAsync(Patience));
        Assert.False(File.Exists(listener) || File.Exists(admin));
    }

    private static async Task<ChildProcess> StartAsync(string log, string[] arguments)
    {
        (string program, string[] words) = ProxyProgram.Command(ProxyProgram.Find(), arguments);
        ChildProcess process = await ChildProcess.StartAsync("proxy", program, words, log, ProxyProgram.CleanEnvironment());
        await Eventually.Within(Patience, () => process.LogTail.Contains(" is up, ", StringComparison.Ordinal), "the proxy is up");
        return process;
    }

    private static async Task<(int ExitCode, string Output)> AskAsync(TemporaryFolder folder, string admin, params string[] words)
    {
        (int exitCode, string output, string error) = await ProcessRun.OfAsync(folder.Path, [.. words, "--admin", $"unix:{admin}"]);
        return (exitCode, output + error);
    }

    private static async Task EventuallyMoreAsync(RestartLoad load)
    {
        (int connects, int batches) = (load.Connects, load.Batches);
        await Eventually.Within(Patience, () => load.Connects > connects + 200 && load.Batches > batches + 200, "clients are served");
    }
}
