using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;

using RedisProxy.EventLoops;
using RedisProxy.Testing;

using LoopSockets = RedisProxy.EventLoops.Sockets;

namespace RedisProxy.Tests.EventLoops;

public sealed class LoopSocketTests
{
    private static Task ParkAsync(LoopSocket socket)
    {
        var woken = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (socket.IsWokenOr(static woken => ((TaskCompletionSource)woken!).SetResult(), woken))
        {
            woken.SetResult();
        }

        return woken.Task;
    }

    private static readonly TcpSettings Settings = new(60, 10, 3, 30_000);

    [Fact]
    public async Task Reader_IsWokenByBytesAndByTheEnd()
    {
        await using var running = new RunningLoop();
        (RawClient peer, LoopSocket socket) = await ConnectAsync(running);
        using RawClient peerEnd = peer;
        Task<string> reading = await running.Loop.InvokeAsync(() => ReadToEndAsync(socket));
        await peer.SendAsync("hello ");
        await peer.SendAsync("world");
        peer.HalfClose();
        Assert.Equal("hello world", await reading.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System));
        await running.Loop.InvokeAsync(() => Close(socket));
        Assert.Equal(new ConnectionEnd("", WasReset: false), await peer.ReadToEndAsync());
    }

    [Fact]
    public async Task Reader_OfALoopThatWasHeldUp_HearsWhatWasPostedFirst()
    {
        await using var running = new RunningLoop();
        (RawClient peer, LoopSocket socket) = await ConnectAsync(running);
        using RawClient peerEnd = peer;
        var seen = new List<string>();
        Assert.False(await running.Loop.InvokeAsync(() => socket.IsReadableOr(_ => seen.Add("bytes"), seen)));
        using var isHeldUp = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        var holdUp = new LoopTimer(
            _ =>
            {
                isHeldUp.Set();
                goOn.Wait();
            },
            seen);
        await running.Loop.InvokeAsync(() => Arm(running.Loop, holdUp));
        isHeldUp.Wait();

        // Bytes first, and then, before the loop has seen them, a view by which they are worth nothing.
        await peer.SendAsync("+OK");
        running.Loop.Post(_ => seen.Add("posted"), null);
        goOn.Set();
        await Eventually.Within(TimeSpan.FromSeconds(10), async () => await running.Loop.InvokeAsync(() => seen.Count) == 2, "both came");

        Assert.Equal(["posted", "bytes"], seen);
        await running.Loop.InvokeAsync(() => Close(socket));
    }

    [LinuxFact]
    [SupportedOSPlatform("linux")]
    public async Task Socket_ThatIsConnectedToItself_IsToldApart()
    {
        // Whose descriptors can be given to it.
        await using var running = new RunningLoop(new EpollTransport());
        using var itself = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        itself.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        await itself.ConnectAsync(itself.LocalEndPoint!);
        Assert.True(await running.Loop.InvokeAsync(() => new LoopSocket(running.Loop, (int)itself.Handle).IsConnectedToItself));

        (RawClient peer, LoopSocket socket) = await ConnectAsync(running);
        using RawClient peerEnd = peer;
        Assert.False(await running.Loop.InvokeAsync(() => socket.IsConnectedToItself));
        await running.Loop.InvokeAsync(() => Close(socket));
    }

    [Fact]
    public async Task Writer_WaitsForRoomAndGoesOn()
    {
        await using var running = new RunningLoop();
        (RawClient peer, LoopSocket socket) = await ConnectAsync(running);
        using RawClient peerEnd = peer;
        const int Total = 16 * 1024 * 1024;
        Task writing = await running.Loop.InvokeAsync(() => WriteAsync(socket, Total));
        Assert.Equal(Total, (await peer.ReadExactlyAsync(Total)).Length);
        await writing.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System);
        await running.Loop.InvokeAsync(() => Close(socket));
    }

    [Fact]
    public async Task Closing_WakesBothWaiters()
    {
        await using var running = new RunningLoop();
        (RawClient peer, LoopSocket socket) = await ConnectAsync(running);
        using RawClient peerEnd = peer;
        Task reading = await running.Loop.InvokeAsync(() => ReadToEndAsync(socket));
        Task writing = await running.Loop.InvokeAsync(() => WriteAsync(socket, int.MaxValue));
        await running.Loop.InvokeAsync(() => Close(socket));
        await Task.WhenAll(reading, writing).WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System);
    }

    [Fact]
    public async Task Abort_ResetsThePeer()
    {
        await using var running = new RunningLoop();
        (RawClient peer, LoopSocket socket) = await ConnectAsync(running);
        using RawClient peerEnd = peer;
        await running.Loop.InvokeAsync(() =>
        {
            socket.Abort();
            return 0;
        });
        Assert.True((await peer.ReadToEndAsync()).WasReset);
    }

    [Fact]
    public async Task ParkedReader_IgnoresBytesAndSeesAWakeOrTheEnd()
    {
        await using var running = new RunningLoop();
        (RawClient peer, LoopSocket socket) = await ConnectAsync(running);
        using RawClient peerEnd = peer;
        Task parked = await running.Loop.InvokeAsync(() => ParkAsync(socket));
        await peer.SendAsync("bytes");
        await running.Loop.InvokeAsync(() => 0);
        Assert.False(parked.IsCompleted);
        await running.Loop.InvokeAsync(() =>
        {
            socket.WakeReader();
            return 0;
        });
        await parked.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System);
        Task again = await running.Loop.InvokeAsync(() => ParkAsync(socket));
        peer.HalfClose();
        await again.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System);
        Assert.True(socket.IsPeerClosed);
        await running.Loop.InvokeAsync(() => Close(socket));
    }

    [Fact]
    public async Task BusySocket_DoesNotStarveOthers()
    {
        await using var running = new RunningLoop();
        (RawClient busyPeer, LoopSocket busy) = await ConnectAsync(running);
        using RawClient busyPeerEnd = busyPeer;
        (RawClient quietPeer, LoopSocket quiet) = await ConnectAsync(running);
        using RawClient quietPeerEnd = quietPeer;
        Task flooding = Task.Run(async () => await Record.ExceptionAsync(async () =>
        {
            while (true)
            {
                await busyPeer.SendAsync(new byte[64 * 1024]);
            }
        }));
        Task busyReading = await running.Loop.InvokeAsync(() => ReadToEndAsync(busy));
        Task<string> quietReading = await running.Loop.InvokeAsync(() => ReadToEndAsync(quiet));
        await quietPeer.SendAsync("me too");
        quietPeer.HalfClose();
        Assert.Equal("me too", await quietReading.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System));
        await running.Loop.InvokeAsync(() =>
        {
            busy.Abort();
            quiet.Close();
            return 0;
        });
        await Task.WhenAll(flooding, busyReading).WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System);
    }

    [Fact]
    public async Task Connect_ToAClosedPort_FailsWithItsError()
    {
        int port = FreePorts.Take();
        await using var running = new RunningLoop();
        await running.RunAsync(async () =>
        {
            bool begun = LoopSockets.TryConnect(
                running.Loop, new IPEndPoint(IPAddress.Loopback, port), Settings, out LoopSocket? socket, out int error);
            if (begun)
            {
                await socket!.WaitWritableAsync();
                error = socket.TakeError();
                socket.Close();
            }

            Assert.Equal(111, error); // ECONNREFUSED
        });
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    [InlineData("10.1.2.3")]
    public void Address_WrittenAndRead_IsTheSame(string address)
    {
        Span<byte> buffer = new byte[RedisProxy.EventLoops.SocketAddress.MaxBytes];
        var endpoint = new IPEndPoint(IPAddress.Parse(address), 6379);
        RedisProxy.EventLoops.SocketAddress.Write(endpoint, buffer);
        Assert.Equal(endpoint, RedisProxy.EventLoops.SocketAddress.Read(buffer));
    }

    /// <summary>A socket on the loop, and the peer that is connected to it.</summary>
    private static async Task<(RawClient Peer, LoopSocket Socket)> ConnectAsync(RunningLoop running)
    {
        int listening = running.Transport.Listen(new IPEndPoint(IPAddress.Loopback, 0), Settings);
        Task<RawClient> connecting = RawClient.ConnectAsync(running.Transport.LocalAddress(listening)!.Port);
        int accepted = await running.AcceptAsync(listening);
        running.Transport.Close(listening);
        LoopSocket socket = await running.Loop.InvokeAsync(() => LoopSockets.Adopt(running.Loop, accepted)!);
        return (await connecting, socket);
    }

    private static int Arm(EventLoop loop, LoopTimer timer)
    {
        loop.Timers.Arm(timer, loop.NowMs + 20);
        return 0;
    }

    private static int Close(LoopSocket socket)
    {
        socket.Close();
        return 0;
    }

    private static async Task<string> ReadToEndAsync(LoopSocket socket)
    {
        var text = new System.Text.StringBuilder();
        while (true)
        {
            await socket.WaitReadableAsync();
            int received = Receive(socket, text);
            if (received <= 0 && received != Kernel.WouldBlock)
            {
                return text.ToString();
            }
        }
    }

    private static unsafe int Receive(LoopSocket socket, System.Text.StringBuilder text)
    {
        byte* buffer = stackalloc byte[4096];
        int received = socket.TryReceive(buffer, 4096);
        if (received > 0 && text.Length < 1024)
        {
            text.Append(System.Text.Encoding.Latin1.GetString(buffer, received));
        }

        return received;
    }

    private static async Task WriteAsync(LoopSocket socket, int total)
    {
        while (total > 0 && !socket.IsClosed)
        {
            int sent = Send(socket, Math.Min(total, 65536));
            if (sent == Kernel.WouldBlock)
            {
                await socket.WaitWritableAsync();
            }
            else if (sent < 0)
            {
                return;
            }
            else
            {
                total -= sent;
            }
        }
    }

    private static unsafe int Send(LoopSocket socket, int length)
    {
        byte[] bytes = new byte[length];
        fixed (byte* start = bytes)
        {
            return socket.TrySend(start, length);
        }
    }
}
