using System.Net;

using RedisProxy.Configuration;
using RedisProxy.EventLoops;
using RedisProxy.Sessions;
using RedisProxy.Testing;
using RedisProxy.Tests.EventLoops;
using RedisProxy.Tls;

using LoopSockets = RedisProxy.EventLoops.Sockets;

namespace RedisProxy.Tests.Sessions;

public sealed class ClientHandshakeTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly int _listener = LoopSockets.Listen(new IPEndPoint(IPAddress.Loopback, 0), new TcpSettings(60, 10, 3, 30_000));
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
        LoopSockets.Close(_listener);
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

    private int Port => LoopSockets.LocalAddress(_listener)!.Port;

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
        int fd = SocketCalls.WouldBlock;
        await RedisProxy.Testing.Eventually.Within(Patience, () => (fd = SocketCalls.Accept(_listener)) >= 0, "a client has connected");
        return await running.Loop.InvokeAsync(() => handshakes.RunAsync(LoopSockets.Adopt(running.Loop, fd)!));
    }
}
