using System.Net;
using System.Net.Sockets;

using RedisProxy.ProcessTests.Harness;
using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Integration;

/// <summary>Connections that only take descriptors, to every address of a proxy that may have 1,024 of them.</summary>
[Collection(HeavyLoad.Tests)]
public sealed class FloodTests : IAsyncLifetime
{
    private const int Limit = 1024;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);

    private readonly int _port = FreePorts.Take();
    private readonly int _admin = FreePorts.Take();
    private readonly int _facade = FreePorts.Take();
    private readonly TemporaryFolder _folder = new();
    private readonly List<Socket> _flood = [];
    private SentinelDeployment _deployment = null!;
    private ChildProcess _proxy = null!;
    private HttpClient _http = null!;

    public async ValueTask InitializeAsync()
    {
        _deployment = await SentinelDeployment.StartAsync();
        string file = _folder.File("proxy.json");
        await File.WriteAllTextAsync(
            file,
            $$"""
            {
              "listeners": [{ "name": "redis", "bind": "127.0.0.1:{{_port}}", "master": "{{_deployment.MasterName}}" }],
              "sentinel": { "endpoints": ["{{string.Join("\", \"", _deployment.SentinelEndpoints)}}"] },
              "sentinelFacade": { "bind": "127.0.0.1:{{_facade}}" },
              "admin": { "bind": "127.0.0.1:{{_admin}}", "token": "t0ken" }
            }
            """);
        (string program, string[] arguments) = ProxyProgram.Command(ProxyProgram.Find(), ["--config", file]);
        _proxy = await ChildProcess.StartAsync(
            "proxy with few descriptors",
            "prlimit",
            [$"--nofile={Limit}", program, .. arguments],
            _folder.File("log"),
            ProxyProgram.CleanEnvironment());
        _http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{_admin}/"), Timeout = Soon };
        await Eventually.Within(Patience, () => _proxy.LogTail.Contains("is available", StringComparison.Ordinal), "the proxy serves");
    }

    public async ValueTask DisposeAsync()
    {
        _flood.ForEach(socket => socket.Dispose());
        _http.Dispose();
        _proxy.Terminate();
        int code = await _proxy.WaitForExitAsync(Patience);
        await _proxy.DisposeAsync();
        await _deployment.DisposeAsync();
        _folder.Dispose();
        Assert.Equal(0, code);
    }

    [Theory]
    [InlineData("GET /metrics HTTP/1.1\r\nHost: localhost\r\nX-Half: ", false)]
    [InlineData("", false)]
    [InlineData("GET /healthz/live HTTP/1.1\r\nHost: localhost\r\n\r\n", false)]
    [InlineData("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n", false)]
    [InlineData("POST /pause HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer wrong\r\nContent-Length: 10000\r\n\r\n", false)]
    [InlineData("GET /metrics HTTP/1.1\r\nHost: localhost\r\nX-Half: ", true)]
    public async Task AdminSurface_UnderAThousandConnections_LetsEverybodyElseWork(string said, bool areManyAddresses)
    {
        using RawClient before = await RawClient.ConnectAsync(_port);
        Assert.Equal("PONG", (await before.CallAsync("PING")).Text);
        for (int i = 0; i < 1000; i++)
        {
            await FloodAsync(_admin, said, areManyAddresses ? i % 200 : 0);
        }

        await AllWorksAsync(before);
        Assert.Equal(HttpStatusCode.OK, (await _http.GetAsync(new Uri("", UriKind.Relative))).StatusCode);
        MetricsSnapshot metrics = MetricsSnapshot.Parse(await _http.GetStringAsync(new Uri("metrics", UriKind.Relative)));
        Assert.InRange(metrics.Value("redisproxy_admin_connections"), 1, 128);
        Assert.True(metrics.Value("redisproxy_admin_connections_ended_total") > 500, "the oldest had to go");
    }

    [Fact]
    public async Task AllAddresses_Flooded_LeaveTheReserveOfDescriptors()
    {
        using RawClient before = await RawClient.ConnectAsync(_port);
        Assert.Equal("PONG", (await before.CallAsync("PING")).Text);
        for (int i = 0; i < 500; i++)
        {
            await FloodAsync(_port, "PING\r\n", 0);
            await FloodAsync(_facade, i % 2 == 0 ? "" : "PING\r\n", i % 3);
            await FloodAsync(_admin, "GET / HTTP/1.1\r\n", i % 3);
        }

        Assert.Equal("PONG", (await before.CallAsync("PING")).Text);
        await LiveAsync();
        MetricsSnapshot metrics = MetricsSnapshot.Parse(await _http.GetStringAsync(new Uri("metrics", UriKind.Relative)));
        Assert.Equal(Limit, metrics.Value("process_max_fds"));
        Assert.InRange(metrics.Value("process_open_fds"), 1, Limit - 32);
        Assert.Equal(0, metrics.Sum("redisproxy_accept_errors_total", ("reason", "resources")));
    }

    [Fact]
    public async Task Facade_FullOfClientsThatSayNothing_StillAnswersOthers()
    {
        for (int i = 0; i < 300; i++)
        {
            await FloodAsync(_facade, "", 0);
        }

        using RawClient application = await RawClient.ConnectAsync(_facade);
        RawReply address = await application.CallAsync("SENTINEL", "GET-MASTER-ADDR-BY-NAME", _deployment.MasterName);
        Assert.Equal($"{_port}", address.Items[1].Text);
        using RawClient client = await RawClient.ConnectAsync(_port);
        Assert.Equal("PONG", (await client.CallAsync("PING")).Text);
    }

    private async Task AllWorksAsync(RawClient before)
    {
        await LiveAsync();
        Assert.Equal("PONG", (await before.CallAsync("PING")).Text);
        using RawClient after = await RawClient.ConnectAsync(_port);
        Assert.Equal("PONG", (await after.CallAsync("PING")).Text);
    }

    private async Task LiveAsync()
    {
        using HttpResponseMessage live = await _http.GetAsync(new Uri("healthz/live", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, live.StatusCode);
    }

    // From one of several addresses of this machine. One that is refused at once is as good.
    private async Task FloodAsync(int port, string said, int address)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _flood.Add(socket);
        socket.Bind(new IPEndPoint(new IPAddress([127, 0, 0, (byte)(address + 1)]), 0));
        await socket.ConnectAsync(IPAddress.Loopback, port).WaitAsync(Patience, TimeProvider.System);
        try
        {
            await socket.SendAsync(System.Text.Encoding.Latin1.GetBytes(said));
        }
        catch (SocketException)
        {
            // It has had to go already.
        }
    }
}
