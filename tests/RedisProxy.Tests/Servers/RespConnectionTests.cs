using System.Net;
using System.Net.Sockets;
using System.Text;

using RedisProxy.Configuration;
using RedisProxy.Resp;
using RedisProxy.Servers;

namespace RedisProxy.Tests.Servers;

public sealed class RespConnectionTests : IDisposable
{
    private static readonly SocketSettings Settings = new(TimeSpan.FromSeconds(1), new KeepAliveOptions(), TimeSpan.FromSeconds(30));
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(3);

    private readonly FakeTimeProvider _clock = new();
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly List<RespValue> _pushes = [];

    public RespConnectionTests()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
    }

    public void Dispose() => _listener.Dispose();

    [Fact]
    public async Task Ask_RepliesAndPushesInOneByteChunks_AreToldApart()
    {
        (RespConnection connection, Socket peer) = await ConnectAsync();
        Task<RespValue[]> asked = connection.AskAsync([["PING"], ["PSUBSCRIBE", "*"], ["ECHO", "é"]], Timeout, CancellationToken.None);
        const string Expected = "*1\r\n$4\r\nPING\r\n*2\r\n$10\r\nPSUBSCRIBE\r\n$1\r\n*\r\n*2\r\n$4\r\nECHO\r\n$2\r\né\r\n";
        Assert.Equal(Expected, await ReceiveAsync(peer, Encoding.UTF8.GetByteCount(Expected)));
        string replies = ">4\r\n$8\r\npmessage\r\n$1\r\n*\r\n$1\r\na\r\n$1\r\nb\r\n+PONG\r\n>3\r\n$10\r\npsubscribe\r\n$1\r\n*\r\n:1\r\n"
            + ">2\r\n+other\r\n+push\r\n*4\r\n$8\r\npmessage\r\n$1\r\n*\r\n$1\r\nc\r\n$1\r\nd\r\n$2\r\né\r\n";
        foreach (byte one in Encoding.UTF8.GetBytes(replies))
        {
            await peer.SendAsync(new[] { one });
        }

        RespValue[] answers = await asked;
        Assert.Equal("PONG", answers[0].Text);
        Assert.Equal("psubscribe", answers[1].Items[0].Text);
        Assert.Equal("é", answers[2].Text);
        Assert.Equal(["b", "d"], _pushes.Select(push => push.Items[3].Text));
        await EndAsync(connection, peer);
    }

    [Fact]
    public async Task Ask_NoAnswerInTime_AbortsTheConnection()
    {
        (RespConnection connection, Socket peer) = await ConnectAsync();
        Task<RespValue[]> asked = connection.AskAsync([["PING"]], Timeout, CancellationToken.None);
        await ReceiveAsync(peer, 14);
        _clock.Advance(TimeSpan.FromSeconds(2.99));
        Assert.False(asked.IsCompleted);
        _clock.Advance(TimeSpan.FromSeconds(0.02));
        await Assert.ThrowsAsync<TimeoutException>(() => asked);
        Assert.Equal("no answer within 3000 ms", await connection.Closed);

        // Not in order: what had not arrived by then must not arrive any more.
        SocketException reset = await Assert.ThrowsAsync<SocketException>(() => peer.ReceiveAsync(new byte[1]));
        Assert.Equal(SocketError.ConnectionReset, reset.SocketErrorCode);
        await EndAsync(connection, peer);
    }

    [Fact]
    public async Task Ask_PeerGoesAway_FailsWithItsReason()
    {
        (RespConnection connection, Socket peer) = await ConnectAsync();
        Task<RespValue[]> asked = connection.AskAsync([["PING"]], Timeout, CancellationToken.None);
        await ReceiveAsync(peer, 14);
        peer.Dispose();
        RespConnectionException failure = await Assert.ThrowsAsync<RespConnectionException>(() => asked);
        Assert.False(failure.ByErrorReply);
        await connection.DisposeAsync();
        await Assert.ThrowsAsync<RespConnectionException>(() => connection.AskAsync([["PING"]], Timeout, CancellationToken.None));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Ask_PeerComplainsAndCloses_TellsTheComplaint(bool beforeItWasAsked)
    {
        (RespConnection connection, Socket peer) = await ConnectAsync();
        byte[] complaint = "-ERR max number of clients reached\r\n"u8.ToArray();
        if (beforeItWasAsked)
        {
            await peer.SendAsync(complaint);
            await connection.Closed;
        }

        Task<RespValue[]> asked = connection.AskAsync([["ROLE"], ["PING"]], Timeout, CancellationToken.None);
        if (!beforeItWasAsked)
        {
            await ReceiveAsync(peer, 28);
            await peer.SendAsync(complaint);
        }

        peer.Dispose();
        RespConnectionException failure = await Assert.ThrowsAsync<RespConnectionException>(() => asked);
        Assert.True(failure.ByErrorReply);
        Assert.Equal("ERR max number of clients reached", failure.Message);
        Assert.Equal(failure.Message, await connection.Closed);
        await connection.DisposeAsync();
    }

    [Fact]
    public async Task Connect_NobodyListens_IsRefused()
    {
        var address = (IPEndPoint)_listener.LocalEndPoint!;
        _listener.Dispose();
        SocketException failure = await Assert.ThrowsAsync<SocketException>(() => ConnectToAsync(address));
        Assert.Equal(SocketError.ConnectionRefused, failure.SocketErrorCode);
    }

    [Fact]
    public async Task Connect_NobodyAnswers_EndsInTime()
    {
        // 192.0.2.0/24 is for documentation: nobody answers there, unless a network is so unkind as to refuse.
        Task<RespConnection> connecting = ConnectToAsync(new IPEndPoint(IPAddress.Parse("192.0.2.1"), 6379));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Exception failure = await Assert.ThrowsAnyAsync<Exception>(() => connecting);
        Assert.True(failure is TimeoutException or SocketException, failure.ToString());
    }

    [Fact]
    public async Task Connect_OptionsAreSet_OnTheSocket()
    {
        (RespConnection connection, Socket peer) = await ConnectAsync();
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        Settings.ApplyTo(socket);
        Assert.True(socket.NoDelay);
        Assert.NotEqual(0, (int)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive)!);
        Assert.Equal(60, socket.GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime));
        byte[] value = new byte[4];
        socket.GetRawSocketOption(6, 18, value);
        Assert.Equal(30_000, BitConverter.ToInt32(value));
        await EndAsync(connection, peer);
    }

    private static async Task<string> ReceiveAsync(Socket peer, int count)
    {
        byte[] bytes = new byte[count];
        for (int at = 0; at < count;)
        {
            int received = await peer.ReceiveAsync(bytes.AsMemory(at));
            Assert.NotEqual(0, received);
            at += received;
        }

        return Encoding.UTF8.GetString(bytes);
    }

    private static async Task EndAsync(RespConnection connection, Socket peer)
    {
        await connection.DisposeAsync();
        peer.Dispose();
    }

    private async Task<(RespConnection Connection, Socket Peer)> ConnectAsync()
    {
        RespConnection connection = await ConnectToAsync((IPEndPoint)_listener.LocalEndPoint!);
        return (connection, await _listener.AcceptAsync());
    }

    private Task<RespConnection> ConnectToAsync(IPEndPoint address) =>
        RespConnection.ConnectAsync(address, Settings, _clock, _pushes.Add, CancellationToken.None);
}
