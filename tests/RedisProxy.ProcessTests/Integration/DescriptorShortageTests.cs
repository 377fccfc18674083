using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Integration;

public sealed class DescriptorShortageTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly int _port = FreePorts.Take();
    private readonly TemporaryFolder _folder = new();
    private readonly List<RawClient> _clients = [];
    private RedisServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await RedisServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        _clients.ForEach(client => client.Dispose());
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task FewDescriptors_LimitTheSessionsAndFurtherClientsAreToldSo()
    {
        await using ChildProcess proxy = await StartAsync("--nofile=352");
        await Eventually.Within(Patience, () => proxy.LogTail.Contains("ulimit -n", StringComparison.Ordinal), "the log warns");
        for (int i = 0; i < 16; i++)
        {
            RawClient client = await ConnectAsync();
            Assert.Equal("PONG", (await client.CallAsync("PING")).Text);
        }

        for (int i = 0; i < 300; i++)
        {
            RawClient refused = await ConnectAsync();
            Assert.Equal(new ConnectionEnd("-ERR max number of clients reached\r\n", WasReset: false), await refused.ReadToEndAsync());
        }

        Assert.Equal("PONG", (await _clients[0].CallAsync("PING")).Text);
        _clients[1].Dispose();
        await Eventually.Within(
            Patience, async () => (await (await ConnectAsync()).CallAsync("PING")).Text == "PONG", "the free place is given away");
        proxy.Terminate();
        Assert.Equal(0, await proxy.WaitForExitAsync(Patience));
    }

    private async Task<RawClient> ConnectAsync()
    {
        _clients.Add(await RawClient.ConnectAsync(_port));
        return _clients[^1];
    }

    private async Task<ChildProcess> StartAsync(string limit)
    {
        (string program, string[] arguments) = ProxyProgram.Command(
            ProxyProgram.Find(), ["--listen", $"{_port}", "--backend", _server.Endpoint, "--admin", "", "--loops", "1"]);
        ChildProcess proxy = await ChildProcess.StartAsync(
            "proxy with few descriptors", "prlimit", [limit, program, .. arguments], _folder.File("log"));
        await Eventually.Within(Patience, () => proxy.LogTail.Contains("is available", StringComparison.Ordinal), "the proxy serves");
        return proxy;
    }
}
