using System.ComponentModel;
using System.Net;

using RedisProxy.EventLoops;
using RedisProxy.Testing;

using LoopSockets = RedisProxy.EventLoops.Sockets;

namespace RedisProxy.Tests.EventLoops;

/// <summary>What the portable transport has to do itself and a descriptor does by nature. The rest is in the tests of both.</summary>
public sealed class PipelinesTransportTests(ITestOutputHelper output)
{
    private const int ConnectionReset = 104;
    private const int AddressInUse = 98;

    private static readonly TcpSettings Settings = new(60, 10, 3, 30_000);
    private static readonly IPEndPoint AnyPort = new(IPAddress.Loopback, 0);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Input_ThatNobodyTakes_StopsThePeer_AndIsWholeLater()
    {
        const int Total = 64 * 1024 * 1024;
        await using var running = new RunningLoop(new PipelinesTransport());
        (RawClient peer, LoopSocket socket) = await ConnectAsync(running);
        using RawClient peerEnd = peer;
        byte[] bytes = [.. Enumerable.Range(0, Total).Select(static i => (byte)(i % 251))];
        int sent = 0;
        Task sending = SendAsync();

        // What the system buffers on both sides, and a little of ours.
        for (int before = -1; before != Volatile.Read(ref sent);)
        {
            before = Volatile.Read(ref sent);
            await Task.Delay(TimeSpan.FromMilliseconds(300), TimeProvider.System);
        }

        Assert.InRange(sent, 1, Total / 2);

        byte[] received = await ReadAsync(running, socket, Total);
        Assert.True(received.AsSpan().SequenceEqual(bytes));
        await sending;
        await CloseAsync(running, socket);

        async Task SendAsync()
        {
            const int Piece = 256 * 1024;
            for (; sent < Total; sent += Piece)
            {
                await peer.SendAsync(bytes.AsMemory(sent, Piece));
            }
        }
    }

    [Fact]
    public async Task Input_BeforeAReset_IsReadFirst()
    {
        await using var running = new RunningLoop(new PipelinesTransport());
        (RawClient peer, LoopSocket socket) = await ConnectAsync(running);
        await peer.SendAsync("last words");
        await Eventually.Within(Patience, async () => await running.Loop.InvokeAsync(() => Peek(socket)) == 10, "it has come");
        peer.Reset();
        await Eventually.Within(Patience, () => running.Loop.InvokeAsync(() => socket.IsPeerClosed), "the reset has come");
        byte[] room = new byte[64];
        Assert.Equal(10, await running.Loop.InvokeAsync(() => Receive(socket, room)));
        Assert.Equal(-ConnectionReset, await running.Loop.InvokeAsync(() => Receive(socket, room)));
        await CloseAsync(running, socket);
    }

    [Fact]
    public async Task Input_ThatCameInThisVeryTurn_IsThereForWhoLooks()
    {
        await using var running = new RunningLoop(new PipelinesTransport());
        int listening = running.Transport.Listen(AnyPort, Settings);
        using RawClient peer = await RawClient.ConnectAsync(running.Transport.LocalAddress(listening)!.Port);
        int accepted = await running.AcceptAsync(listening);
        running.Transport.Close(listening);
        byte[] room = new byte[64];
        int[] received = await running.Loop.InvokeAsync(() =>
        {
            // The loop has not been told of anything yet: neither that the socket is writable, nor of the first bytes.
            LoopSocket socket = LoopSockets.Adopt(running.Loop, accepted)!;
            peer.Socket.Send("first"u8);
            int first = Receive(socket, room);
            peer.Socket.Send("second"u8);
            int second = Receive(socket, room);
            int none = Receive(socket, room);
            socket.Close();
            return new[] { first, second, none };
        });
        Assert.Equal([5, 6, Kernel.WouldBlock], received);
    }

    [Fact]
    public async Task EndOfThePeer_IsNoticed_AlthoughWhatCameBeforeIsNotTaken()
    {
        await using var running = new RunningLoop(new PipelinesTransport());
        (RawClient peer, LoopSocket socket) = await ConnectAsync(running);
        using RawClient peerEnd = peer;
        await peer.SendAsync("unread");
        await Eventually.Within(Patience, () => running.Loop.InvokeAsync(() => socket.IsReadable), "it has come");
        Assert.False(await running.Loop.InvokeAsync(() => socket.IsPeerClosed));
        peer.HalfClose();
        await Eventually.Within(Patience, () => running.Loop.InvokeAsync(() => socket.IsPeerClosed), "the end is noticed");
        byte[] room = new byte[64];
        Assert.Equal(6, await running.Loop.InvokeAsync(() => Receive(socket, room)));
        Assert.Equal(0, await running.Loop.InvokeAsync(() => Receive(socket, room)));
        await CloseAsync(running, socket);
    }

    [Fact]
    public async Task Close_WithOutputUnderWay_SendsAllOfItAndThenTheEnd()
    {
        await using var running = new RunningLoop(new PipelinesTransport());
        (RawClient peer, LoopSocket socket) = await ConnectAsync(running);
        using RawClient peerEnd = peer;
        byte[] bytes = new byte[64 * 1024];
        long sent = 0;
        while (await running.Loop.InvokeAsync(() => Send(socket, bytes)) is var count and > 0)
        {
            sent += count;
        }

        await CloseAsync(running, socket);
        ConnectionEnd end = await peer.ReadToEndAsync();
        Assert.Equal(sent, end.Rest.Length);
        Assert.False(end.WasReset);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Abort_ResetsThePeer(bool isFlushing)
    {
        await using var running = new RunningLoop(new PipelinesTransport());
        (RawClient peer, LoopSocket socket) = await ConnectAsync(running);
        using RawClient peerEnd = peer;
        byte[] bytes = new byte[64 * 1024];
        while (isFlushing && await running.Loop.InvokeAsync(() => Send(socket, bytes)) > 0)
        {
        }

        await running.Loop.InvokeAsync(() =>
        {
            socket.Abort();
            return 0;
        });
        Assert.True((await peer.ReadToEndAsync()).WasReset);
    }

    [Fact]
    public async Task RandomPieces_AreOneStream()
    {
        const int Rounds = 40;
        int seed = int.TryParse(Environment.GetEnvironmentVariable("REDISPROXY_TEST_SEED"), out int given) ? given : Random.Shared.Next();
        output.WriteLine($"REDISPROXY_TEST_SEED={seed}");
        var random = new Random(seed);
        await using var running = new RunningLoop(new PipelinesTransport());
        for (int round = 0; round < Rounds; round++)
        {
            (RawClient peer, LoopSocket socket) = await ConnectAsync(running);
            using RawClient peerEnd = peer;
            byte[] bytes = new byte[random.Next(1, 400_000)];
            random.NextBytes(bytes);
            Task sending = SendInPiecesAsync(peer, bytes, new Random(random.Next()));
            var received = new List<byte>();
            while (received.Count < bytes.Length)
            {
                byte[] room = new byte[random.Next(1, random.Next(2, 100_000))];
                int peeked = random.Next(3) == 0 ? await running.Loop.InvokeAsync(() => Peek(socket)) : 0;
                int count = await running.Loop.InvokeAsync(() => Receive(socket, room));
                Assert.True(peeked <= 0 || count >= Math.Min(peeked, room.Length), "what was seen is there");
                received.AddRange(room.AsSpan(0, Math.Max(0, count)));
            }

            await sending;
            Assert.Equal(bytes, received);
            await CloseAsync(running, socket);
        }
    }

    [Fact]
    public void ListenUnix_IsPrivate_AndIsTakenOverOnlyWhenAskedFor()
    {
        var transport = new PipelinesTransport();
        using var folder = new TemporaryFolder("unix");
        string path = folder.File("proxy.sock");
        Assert.False(transport.IsServed(path));
        int first = transport.ListenUnix(path, access: new SocketFile(UnixFileMode.UserRead | UnixFileMode.UserWrite, Group: null));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        }

        Assert.Equal(AddressInUse, Assert.Throws<Win32Exception>(() => transport.ListenUnix(path)).NativeErrorCode);
        int second = transport.ListenUnix(path, takesOver: true);
        transport.Close(first);
        Assert.True(transport.IsServed(path));
        transport.Close(second);
        Assert.False(transport.IsServed(path));

        // What a dead process has left behind is no hindrance.
        Assert.True(File.Exists(path));
        transport.Close(transport.ListenUnix(path));
    }

    [Fact]
    public void Listen_SharesWithASuccessorOnly()
    {
        var transport = new PipelinesTransport();
        int first = transport.Listen(AnyPort, Settings);
        IPEndPoint address = transport.LocalAddress(first)!;
        Assert.Equal(AddressInUse, Assert.Throws<Win32Exception>(() => transport.RequireFree(address)).NativeErrorCode);
        Assert.Equal(1, transport.CountListening(address));
        int successor = transport.Listen(address, Settings);
        Assert.Equal(2, transport.CountListening(address));
        Assert.False(transport.TrySteer(successor, 1, 1));
        transport.Close(first);
        transport.Close(successor);
        transport.RequireFree(address);
    }

    private static async Task SendInPiecesAsync(RawClient peer, byte[] bytes, Random random)
    {
        for (int at = 0; at < bytes.Length;)
        {
            int length = Math.Min(bytes.Length - at, random.Next(1, random.Next(2, 50_000)));
            await peer.SendAsync(bytes.AsMemory(at, length));
            at += length;
        }
    }

    private static async Task<(RawClient Peer, LoopSocket Socket)> ConnectAsync(RunningLoop running)
    {
        int listening = running.Transport.Listen(AnyPort, Settings);
        Task<RawClient> connecting = RawClient.ConnectAsync(running.Transport.LocalAddress(listening)!.Port);
        int accepted = await running.AcceptAsync(listening);
        running.Transport.Close(listening);
        return (await connecting, await running.Loop.InvokeAsync(() => LoopSockets.Adopt(running.Loop, accepted)!));
    }

    private static Task<int> CloseAsync(RunningLoop running, LoopSocket socket) => running.Loop.InvokeAsync(() =>
    {
        socket.Close();
        return 0;
    });

    private static async Task<byte[]> ReadAsync(RunningLoop running, LoopSocket socket, int total)
    {
        byte[] all = new byte[total];
        int count = 0;
        await running.RunAsync(async () =>
        {
            while (count < total)
            {
                await socket.WaitReadableAsync();
                count += Math.Max(0, Receive(socket, all.AsSpan(count)));
            }
        });
        return all;
    }

    private static unsafe int Receive(LoopSocket socket, Span<byte> room)
    {
        fixed (byte* start = room)
        {
            return socket.TryReceive(start, room.Length);
        }
    }

    private static unsafe int Peek(LoopSocket socket)
    {
        byte* room = stackalloc byte[64];
        return socket.TryPeek(room, 64);
    }

    private static unsafe int Send(LoopSocket socket, byte[] bytes)
    {
        fixed (byte* start = bytes)
        {
            return socket.TrySend(start, bytes.Length);
        }
    }
}
