using System.Net.Sockets;
using System.Net;
using System.Runtime.Versioning;

using RedisProxy.EventLoops;

namespace RedisProxy.Tests.EventLoops;

/// <summary>Two listening sockets on one address.</summary>
[SupportedOSPlatform("linux")]
public sealed class ReusePortGroupTests : IDisposable
{
    private static readonly EpollTransport Transport = new();
    private static readonly TcpSettings Settings = new(60, 10, 3, 30_000);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly IPEndPoint _address;
    private readonly int _first;
    private readonly int _second;
    private bool _isFirstClosed;

    public ReusePortGroupTests()
    {
        _first = Transport.Listen(new IPEndPoint(IPAddress.Loopback, 0), Settings);
        _address = Transport.LocalAddress(_first)!;
        _second = Transport.Listen(_address, Settings);
    }

    public void Dispose()
    {
        CloseFirst();
        Transport.Close(_second);
    }

    [LinuxFact]
    public async Task TurnedAway_WhoConnectsIsNeitherAcceptedNorResetButComesToTheOtherSocketOnceThisOneIsClosed()
    {
        Assert.Equal(2, ListeningSockets.Count(_address));
        Assert.True(ReusePortGroup.TrySteer(_first, first: 0, count: 1));
        using Socket before = NewClient();
        await before.ConnectAsync(_address);

        Assert.True(ReusePortGroup.TryTurnAway(_first));
        using Socket late = NewClient();
        Task connecting = late.ConnectAsync(_address);
        int accepted = SocketCalls.Accept(_first);
        Assert.True(accepted >= 0, "who was there before is served");
        Transport.Close(accepted);
        Assert.Equal(Kernel.WouldBlock, SocketCalls.Accept(_first));
        Assert.False(connecting.IsCompleted);

        CloseFirst();
        await connecting.WaitAsync(Patience, TimeProvider.System);
        int other = SocketCalls.Accept(_second);
        Assert.True(other >= 0);
        Transport.Close(other);
    }

    [LinuxFact]
    public async Task Steer_ToTheFirstOfTheNewOnes_IsRightWhileTheOldOnesCloseInAnyOrder()
    {
        int third = Transport.Listen(_address, Settings);
        int fourth = Transport.Listen(_address, Settings);
        Assert.True(ReusePortGroup.TrySteer(_first, first: 2, count: 1));
        await ExpectAtAsync(third);
        CloseFirst();
        await ExpectAtAsync(third);
        Transport.Close(fourth);
        Transport.Close(third);
    }

    private async Task ExpectAtAsync(int fd)
    {
        for (int i = 0; i < 20; i++)
        {
            using Socket client = NewClient();
            await client.ConnectAsync(_address);
            int accepted = SocketCalls.Accept(fd);
            Assert.True(accepted >= 0, $"connection {i}");
            Transport.Close(accepted);
        }
    }

    private static Socket NewClient() => new(SocketType.Stream, ProtocolType.Tcp);

    private void CloseFirst()
    {
        if (!_isFirstClosed)
        {
            _isFirstClosed = true;
            Transport.Close(_first);
        }
    }
}
