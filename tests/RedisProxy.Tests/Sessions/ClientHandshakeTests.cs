using System.Net;
using System.Net.Sockets;

using RedisProxy.Configuration;
using RedisProxy.EventLoops;
using RedisProxy.Sessions;
using RedisProxy.Testing;
using RedisProxy.Tests.EventLoops;
using RedisProxy.Transport;

using LoopSockets = RedisProxy.EventLoops.Sockets;

namespace RedisProxy.Tests.Sessions;

public sealed class ClientHandshakeTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly int _listener = TestTransport.Current.Listen(
        new IPEndPoint(IPAddress.Loopback, 0), new TcpSettings(60, 10, 3, 30_000));
    private readonly TestAuthority _authority = new();
    private readonly ServerTls _tls;

    public ClientHandshakeTests()
    {
        IssuedCertificate own = _authority.Issue("own", "own.test");
        var files = new CertificateFiles(own.CertificateFile, own.KeyFile, Authorities: null);
        _tls = new ServerTls(new ListenerTlsOptions
        {
            Material = TlsMaterialReader.Read(files, (_, complaint) => Assert.Fail(complaint))!,
            HandshakeTimeout = TimeSpan.FromMilliseconds(400),
        });
    }

    public void Dispose()
    {
        _authority.Dispose();
        TestTransport.Current.Close(_listener);
    }

    [Fact]
    public async Task Clients_ThatSayNothing_TakeNoPlaceOfThoseThatDo()
    {
        await using var running = new RunningLoop();
        ClientHandshakes handshakes = await running.Loop.InvokeAsync(() => new ClientHandshakes(running.Loop, _tls, maxConcurrent: 1));
        (RawClient silent, Task<Exception?> silence) = await BeginAsync(running, handshakes);
        using RawClient silentEnd = silent;
        Assert.Null(await SecureAsync(running, handshakes));
        Assert.IsType<TimeoutException>(await silence.WaitAsync(Patience, TimeProvider.System));
        Assert.Equal(0, await running.Loop.InvokeAsync(() => handshakes.Count));
    }

    [Fact]
    public async Task Clients_BeyondTheLimit_WaitForTheirTurnAndTheirTimeIsLimited()
    {
        await using var running = new RunningLoop();
        ClientHandshakes handshakes = await running.Loop.InvokeAsync(() => new ClientHandshakes(running.Loop, _tls, maxConcurrent: 1));
        (RawClient slow, Task<Exception?> slowness) = await BeginAsync(running, handshakes, "\u0016\u0003\u0001");
        using RawClient slowEnd = slow;
        (RawClient waiting, Task<Exception?> wait) = await BeginAsync(running, handshakes, "\u0016\u0003\u0001");
        using RawClient waitingEnd = waiting;
        Assert.IsType<TimeoutException>(await slowness.WaitAsync(Patience, TimeProvider.System));
        Assert.IsType<TimeoutException>(await wait.WaitAsync(Patience, TimeProvider.System));

        // Both places have been given back, by the one who had it and by the one who came too late for it.
        Assert.Null(await SecureAsync(running, handshakes));
    }

    [Fact]
    public async Task Clients_ThatConnectAndLeave_AreToldFromThoseThatFail()
    {
        await using var running = new RunningLoop();
        ClientHandshakes handshakes = await running.Loop.InvokeAsync(() => new ClientHandshakes(running.Loop, _tls, maxConcurrent: 1));
        (RawClient probe, Task<Exception?> probing) = await BeginAsync(running, handshakes);
        probe.Dispose();
        Assert.IsType<EndOfStreamException>(await probing.WaitAsync(Patience, TimeProvider.System));
    }

    [Fact]
    public async Task EndAll_EndsThoseThatAreBeingGreeted()
    {
        await using var running = new RunningLoop();
        ClientHandshakes handshakes = await running.Loop.InvokeAsync(() => new ClientHandshakes(running.Loop, _tls, maxConcurrent: 1));
        (RawClient client, Task<Exception?> handshake) = await BeginAsync(running, handshakes);
        using RawClient clientEnd = client;
        await running.Loop.InvokeAsync(() =>
        {
            handshakes.EndAll();
            return true;
        });
        Assert.NotNull(await handshake.WaitAsync(Patience, TimeProvider.System));
        Assert.Equal(new ConnectionEnd("", WasReset: false), await client.ReadToEndAsync());
    }

    [Fact]
    public async Task Clients_WithAPartOfAClientHello_TakeNoPlaceOfThoseThatDo()
    {
        await using var running = new RunningLoop();
        ClientHandshakes handshakes = await running.Loop.InvokeAsync(() => new ClientHandshakes(running.Loop, Patient(), maxConcurrent: 1));
        var clients = new List<RawClient>();
        for (int i = 0; i < 20; i++)
        {
            clients.Add((await BeginAsync(running, handshakes, "\u0016\u0003\u0001\u0002\0\u0001\0")).Client);
        }

        long began = TimeProvider.System.GetTimestamp();
        Assert.Null(await SecureAsync(running, handshakes));
        Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromMilliseconds(ClientHandshakes.HelloTimeoutMs));

        // And they have no long time for the rest.
        await RedisProxy.Testing.Eventually.Within(
            Patience, async () => await running.Loop.InvokeAsync(() => handshakes.Count) == 0, "those who say no more are gone");
        clients.ForEach(client => client.Dispose());
    }

    [Fact]
    public async Task Clients_ThatDoNotGoOnWithTheirHandshake_HaveToGoForThoseThatWait()
    {
        string hello = await RecordHelloAsync();
        await using var running = new RunningLoop();
        ClientHandshakes handshakes = await running.Loop.InvokeAsync(() => new ClientHandshakes(running.Loop, Patient(), maxConcurrent: 2));
        var stalled = new List<(RawClient Client, Task<Exception?> Handshake)>();
        for (int i = 0; i < 10; i++)
        {
            stalled.Add(await BeginAsync(running, handshakes, hello));
        }

        // The newest of those who wait is the next, however many are before it.
        Assert.Null(await SecureAsync(running, handshakes));
        Exception? first = await stalled[0].Handshake.WaitAsync(Patience, TimeProvider.System);
        Assert.Equal("others waited for their turn", Assert.IsType<TimeoutException>(first).Message);
        stalled.ForEach(one => one.Client.Dispose());
    }

    [Fact]
    public async Task Clients_BeyondTheNumberOfSilentOnes_TakeThePlaceOfTheOldest()
    {
        await using var running = new RunningLoop();
        ClientHandshakes handshakes = await running.Loop.InvokeAsync(
            () => new ClientHandshakes(running.Loop, Patient(), maxConcurrent: 2, maxSilent: 3));
        var silent = new List<(RawClient Client, Task<Exception?> Handshake)>();
        for (int i = 0; i < 5; i++)
        {
            silent.Add(await BeginAsync(running, handshakes, i % 2 == 0 ? "" : "\u0016\u0003"));
        }

        foreach ((_, Task<Exception?> handshake) in silent.Take(2))
        {
            Assert.Equal(
                "others needed its place",
                Assert.IsType<TimeoutException>(await handshake.WaitAsync(Patience, TimeProvider.System)).Message);
        }

        Assert.Null(await SecureAsync(running, handshakes));
        silent.ForEach(one => one.Client.Dispose());
    }

    // What a real client says first.
    private async Task<string> RecordHelloAsync()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        Task<RawClient> connecting = RawClient.ConnectTlsAsync("127.0.0.1", port, _authority.File, "own.test");
        using Socket socket = await listener.AcceptSocketAsync();
        byte[] heard = new byte[ClientHello.MaxBytes];
        int count = 0;
        while (ClientHello.Look(heard.AsSpan(0, count)) != HelloStatus.Whole)
        {
            count += await socket.ReceiveAsync(heard.AsMemory(count));
        }

        socket.Close();
        await Assert.ThrowsAnyAsync<Exception>(() => connecting);
        return System.Text.Encoding.Latin1.GetString(heard, 0, count);
    }

    private ServerTls Patient() => new(_tls.Options with { HandshakeTimeout = TimeSpan.FromSeconds(30) });

    private int Port => TestTransport.Current.LocalAddress(_listener)!.Port;

    private async Task<(RawClient Client, Task<Exception?> Handshake)> BeginAsync(
        RunningLoop running, ClientHandshakes handshakes, string said = "")
    {
        RawClient client = await RawClient.ConnectAsync(Port);
        await client.SendAsync(said);
        return (client, await TakeOverAsync(running, handshakes));
    }

    private async Task<Exception?> SecureAsync(RunningLoop running, ClientHandshakes handshakes)
    {
        Task<RawClient> connecting = RawClient.ConnectTlsAsync("127.0.0.1", Port, _authority.File, "own.test");
        Task<Exception?> handshake = await TakeOverAsync(running, handshakes);
        using RawClient client = await connecting;
        return await handshake.WaitAsync(Patience, TimeProvider.System);
    }

    // As the listener does with what it has accepted.
    private async Task<Task<Exception?>> TakeOverAsync(RunningLoop running, ClientHandshakes handshakes)
    {
        int fd = await running.AcceptAsync(_listener);
        return await running.Loop.InvokeAsync(() => handshakes.RunAsync(LoopSockets.Adopt(running.Loop, fd)!));
    }
}
