using System.Diagnostics;

using RedisProxy.Testing;

namespace RedisProxy.Tests.Integration;

public sealed class DescriptorShortageTests : IAsyncLifetime, IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly int _port = FreePorts.Take();
    private readonly TemporaryFolder _folder = new();
    private readonly List<RawClient> _clients = [];
    private RedisServer _server = null!;

    public async Task InitializeAsync() => _server = await RedisServer.StartAsync();

    public async Task DisposeAsync()
    {
        _clients.ForEach(client => client.Dispose());
        await _server.DisposeAsync();
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task FewDescriptors_LimitTheSessionsAndFurtherClientsAreToldSo()
    {
        await using ChildProcess proxy = await StartAsync("prlimit", "--nofile=160", "dotnet");
        await Eventually.Within(Patience, () => proxy.LogTail.Contains("ulimit -n", StringComparison.Ordinal), "the log warns");
        for (int i = 0; i < 16; i++)
        {
            RawClient client = await ConnectAsync();
            Assert.Equal("PONG", (await client.CallAsync("PING")).Text);
        }

        RawClient refused = await ConnectAsync();
        Assert.Equal(new ConnectionEnd("-ERR max number of clients reached\r\n", WasReset: false), await refused.ReadToEndAsync());
        proxy.Terminate();
        Assert.Equal(0, await proxy.WaitForExitAsync(Patience));
    }

    [Fact]
    public async Task NoDescriptors_ClientsWaitAndTheProxyNeitherSpinsNorStops()
    {
        await using ChildProcess proxy = await StartAsync("dotnet");
        RawClient first = await ConnectAsync();
        Assert.Equal("PONG", (await first.CallAsync("PING")).Text);

        // Taken away while it runs, so that nothing was kept in reserve.
        int open = Directory.GetFiles($"/proc/{proxy.Id}/fd").Length;
        using (Process prlimit = Process.Start("prlimit", ["--pid", $"{proxy.Id}", $"--nofile={open + 20}"]))
        {
            await prlimit.WaitForExitAsync();
            Assert.Equal(0, prlimit.ExitCode);
        }

        for (int i = 0; i < 40; i++)
        {
            await ConnectAsync();
        }

        await Eventually.Within(
            Patience, () => proxy.LogTail.Contains("cannot accept for now", StringComparison.Ordinal), "the log says that it waits");
        TimeSpan before = proxy.CpuTime;
        await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System);
        Assert.InRange((proxy.CpuTime - before).TotalMilliseconds, 0, 500);

        Assert.Equal("PONG", (await first.CallAsync("PING")).Text);
        _clients[1..35].ForEach(client => client.Dispose());
        Assert.Equal("PONG", (await _clients[^1].CallAsync("PING")).Text);
        proxy.Terminate();
        Assert.Equal(0, await proxy.WaitForExitAsync(Patience));
    }

    private async Task<RawClient> ConnectAsync()
    {
        _clients.Add(await RawClient.ConnectAsync(_port));
        return _clients[^1];
    }

    private async Task<ChildProcess> StartAsync(string program, params string[] arguments)
    {
        string[] all =
        [
            .. arguments, ProxyProcess.FindDll(), "--listen", $"{_port}", "--backend", _server.Endpoint, "--admin", "", "--loops", "1",
        ];
        ChildProcess proxy = await ChildProcess.StartAsync("proxy with few descriptors", program, all, _folder.File("log"));
        await Eventually.Within(Patience, () => proxy.LogTail.Contains("is available", StringComparison.Ordinal), "the proxy serves");
        return proxy;
    }
}
