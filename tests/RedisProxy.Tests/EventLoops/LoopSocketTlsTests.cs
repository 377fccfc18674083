using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

using RedisProxy.EventLoops;
using RedisProxy.Testing;

using LoopSockets = RedisProxy.EventLoops.Sockets;

namespace RedisProxy.Tests.EventLoops;

/// <summary>A socket of a loop with TLS on it, against the framework's own TLS on an ordinary socket.</summary>
public sealed class LoopSocketTlsTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TcpSettings Settings = new(60, 10, 3, 30_000);

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly TestAuthority _authority = new();
    private readonly X509Certificate2 _certificate;

    public LoopSocketTlsTests()
    {
        _listener.Start();
        IssuedCertificate issued = _authority.Issue("peer", "peer.test");
        _certificate = X509Certificate2.CreateFromPemFile(issued.CertificateFile, issued.KeyFile);
    }

    public void Dispose()
    {
        _certificate.Dispose();
        _authority.Dispose();
        _listener.Dispose();
    }

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task Bytes_InBothDirections_ArriveWholeAndInOrder(SslProtocols version)
    {
        await using var running = new RunningLoop();
        (SslStream peer, LoopSocket socket) = await SecureAsync(running, version);
        await using SslStream peerEnd = peer;
        byte[] sent = new byte[3_000_000];
        new Random(1).NextBytes(sent);
        Task echo = await running.Loop.InvokeAsync(() => EchoAsync(socket));
        Task sending = SendInPiecesAsync(peer, sent);
        byte[] received = new byte[sent.Length];
        await peer.ReadExactlyAsync(received).AsTask().WaitAsync(Patience, TimeProvider.System);
        await sending;
        Assert.True(sent.AsSpan().SequenceEqual(received));
        await peer.ShutdownAsync();
        await echo.WaitAsync(Patience, TimeProvider.System);

        // The loop's end was told by close_notify, and answers in the same way.
        Assert.Equal(0, await peer.ReadAsync(received).AsTask().WaitAsync(Patience, TimeProvider.System));
    }

    [Fact]
    public async Task Plaintext_BehindTheHandshakeAndLeftInTheLibrary_CountsAsReadable()
    {
        await using var running = new RunningLoop();
        (SslStream peer, LoopSocket socket) = await SecureAsync(running, SslProtocols.Tls13);
        await using SslStream peerEnd = peer;

        // One record, read in pieces of three bytes: after the first, the kernel has nothing any more.
        await peer.WriteAsync("abcdefghi"u8.ToArray());
        Task<string> reading = await running.Loop.InvokeAsync(() => ReadAsync(socket, room: 3, total: 9));
        Assert.Equal("abcdefghi", await reading.WaitAsync(Patience, TimeProvider.System));
        await running.Loop.InvokeAsync(() => Close(socket));
    }

    [Fact]
    public async Task Close_WithCiphertextThatTheKernelHasNoRoomFor_StillDeliversIt()
    {
        await using var running = new RunningLoop();
        (SslStream peer, LoopSocket socket) = await SecureAsync(running, SslProtocols.Tls13);
        await using SslStream peerEnd = peer;
        Task<int> filling = await running.Loop.InvokeAsync(() => FillAndCloseAsync(socket));
        int sent = await filling.WaitAsync(Patience, TimeProvider.System);
        int received = 0;
        byte[] room = new byte[65536];
        for (int count; (count = await peer.ReadAsync(room).AsTask().WaitAsync(Patience, TimeProvider.System)) > 0; received += count)
        {
        }

        Assert.Equal(sent, received);
    }

    [Fact]
    public async Task Handshake_WithSomebodyWhoSpeaksNoTls_FailsAndLeavesAPlainSocket()
    {
        await using var running = new RunningLoop();
        (Socket peer, LoopSocket socket) = await ConnectAsync(running);
        using RawClient plain = RawClient.OfAccepted(peer);
        Task<Exception?> securing = await BeginServerAsync(running, socket, SslProtocols.Tls13);
        await plain.SendAsync("*1\r\n$4\r\nPING\r\n");
        Assert.IsType<AuthenticationException>(await securing.WaitAsync(Patience, TimeProvider.System));
        await running.Loop.InvokeAsync(() => Close(socket));
        Assert.False((await plain.ReadToEndAsync()).WasReset);
    }

    [Fact]
    public async Task Handshake_WhoseSocketIsClosedMeanwhile_EndsWithAReason()
    {
        await using var running = new RunningLoop();
        (Socket peer, LoopSocket socket) = await ConnectAsync(running);
        using Socket peerEnd = peer;
        Task<Exception?> securing = await BeginServerAsync(running, socket, SslProtocols.Tls13);
        await running.Loop.InvokeAsync(() => Close(socket));
        Assert.IsType<IOException>(await securing.WaitAsync(Patience, TimeProvider.System));
    }

    [Fact]
    public async Task PeerThatBreaksOffInTheMiddle_IsAnErrorAndNoEnd()
    {
        await using var running = new RunningLoop();
        (Socket peer, LoopSocket socket) = await ConnectAsync(running);
        using Socket peerEnd = peer;
        SslStream stream = await SecureAsync(running, peer, socket, SslProtocols.Tls13);
        await peer.SendAsync(new byte[] { 23, 3, 3, 0, 100, 1, 2, 3 });
        peer.Shutdown(SocketShutdown.Send);
        Task<int> reading = await running.Loop.InvokeAsync(() => ReadEndAsync(socket));
        Assert.True(await reading.WaitAsync(Patience, TimeProvider.System) < 0);
        await running.Loop.InvokeAsync(() => Close(socket));
        await stream.DisposeAsync();
    }

    private async Task<(SslStream Peer, LoopSocket Socket)> SecureAsync(RunningLoop running, SslProtocols version)
    {
        (Socket peer, LoopSocket socket) = await ConnectAsync(running);
        return (await SecureAsync(running, peer, socket, version), socket);
    }

    private async Task<SslStream> SecureAsync(RunningLoop running, Socket peer, LoopSocket socket, SslProtocols version)
    {
        Task<Exception?> securing = await BeginServerAsync(running, socket, version);
        var stream = new SslStream(new NetworkStream(peer, ownsSocket: true));
        await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "peer.test",
            EnabledSslProtocols = version,
            CertificateChainPolicy = TrustInAuthority(),
        });
        Assert.Null(await securing.WaitAsync(Patience, TimeProvider.System));
        Assert.Equal(version, stream.SslProtocol);
        return stream;
    }

    private X509ChainPolicy TrustInAuthority()
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPemFile(_authority.File);
        return policy;
    }

    private Task<Task<Exception?>> BeginServerAsync(RunningLoop running, LoopSocket socket, SslProtocols version)
    {
        var options = new SslServerAuthenticationOptions
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(_certificate, [], offline: true),
            EnabledSslProtocols = version,
        };
        return running.Loop.InvokeAsync(() => socket.SecureAsync(stream => stream.AuthenticateAsServerAsync(options)));
    }

    private async Task<(Socket Peer, LoopSocket Socket)> ConnectAsync(RunningLoop running)
    {
        Task<LoopSocket> connecting = await running.Loop.InvokeAsync(async () =>
        {
            Assert.True(LoopSockets.TryConnect(running.Loop, (IPEndPoint)_listener.LocalEndpoint, Settings, out LoopSocket? socket, out _));
            await socket.WaitWritableAsync();
            return socket;
        });
        return (await _listener.AcceptSocketAsync(), await connecting);
    }

    private static async Task SendInPiecesAsync(SslStream peer, byte[] bytes)
    {
        var sizes = new Random(2);
        for (int from = 0; from < bytes.Length;)
        {
            int size = Math.Min(sizes.Next(1, 40_000), bytes.Length - from);
            await peer.WriteAsync(bytes.AsMemory(from, size));
            from += size;
        }
    }

    private static async Task EchoAsync(LoopSocket socket)
    {
        byte[] buffer = GC.AllocateArray<byte>(10_000, pinned: true);
        while (true)
        {
            int received = TryReceive(socket, buffer, buffer.Length);
            if (received == Kernel.WouldBlock)
            {
                await socket.WaitReadableAsync();
            }
            else if (received <= 0)
            {
                break;
            }

            for (int from = 0; from < received;)
            {
                int sent = TrySend(socket, buffer, from, received - from);
                if (sent == Kernel.WouldBlock)
                {
                    await socket.WaitWritableAsync();
                }

                from += Math.Max(0, sent);
            }
        }

        socket.ShutdownWrite();
        socket.Close();
    }

    private static async Task<string> ReadAsync(LoopSocket socket, int room, int total)
    {
        byte[] buffer = GC.AllocateArray<byte>(room, pinned: true);
        string text = "";
        while (text.Length < total)
        {
            int received = TryReceive(socket, buffer, room);
            if (received == Kernel.WouldBlock)
            {
                await socket.WaitReadableAsync();
            }
            else
            {
                Assert.InRange(received, 1, room);
                text += System.Text.Encoding.ASCII.GetString(buffer, 0, received);
            }
        }

        return text;
    }

    private static async Task<int> ReadEndAsync(LoopSocket socket)
    {
        byte[] buffer = GC.AllocateArray<byte>(100, pinned: true);
        int received;
        while ((received = TryReceive(socket, buffer, buffer.Length)) == Kernel.WouldBlock)
        {
            await socket.WaitReadableAsync();
        }

        return received;
    }

    // Until the kernel takes no more, so that ciphertext is left over.
    private static async Task<int> FillAndCloseAsync(LoopSocket socket)
    {
        byte[] buffer = GC.AllocateArray<byte>(50_000, pinned: true);
        int total = 0;
        await socket.WaitWritableAsync();
        for (int sent; (sent = TrySend(socket, buffer, 0, buffer.Length)) > 0; total += sent)
        {
        }

        socket.Close();
        return total;
    }

    private static unsafe int TryReceive(LoopSocket socket, byte[] buffer, int length)
    {
        fixed (byte* start = buffer)
        {
            return socket.TryReceive(start, length);
        }
    }

    private static unsafe int TrySend(LoopSocket socket, byte[] buffer, int from, int length)
    {
        fixed (byte* start = buffer)
        {
            return socket.TrySend(start + from, length);
        }
    }

    private static bool Close(LoopSocket socket)
    {
        socket.Close();
        return true;
    }
}
