using System.Net;

using RedisProxy.EventLoops;

using LoopSockets = RedisProxy.EventLoops.Sockets;

namespace RedisProxy.Tests.EventLoops;

public sealed class ListeningSocketsTests
{
    private static readonly TcpSettings Settings = new(60, 10, 3, 30_000);

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public void Count_IsThatOfTheAddress_NotOfItsPort(string address)
    {
        int first = LoopSockets.Listen(new IPEndPoint(IPAddress.Parse(address), 0), Settings);
        IPEndPoint endpoint = LoopSockets.LocalAddress(first)!;
        var others = new List<int>();
        try
        {
            Assert.Equal(1, ListeningSockets.Count(endpoint));
            others.Add(LoopSockets.Listen(endpoint, Settings));
            others.Add(LoopSockets.Listen(endpoint, Settings));
            Assert.Equal(3, ListeningSockets.Count(endpoint));
            Assert.Equal(0, ListeningSockets.Count(new IPEndPoint(IPAddress.Parse("127.0.0.2"), endpoint.Port)));
        }
        finally
        {
            LoopSockets.Close(first);
            others.ForEach(LoopSockets.Close);
        }

        Assert.Equal(0, ListeningSockets.Count(endpoint));
    }
}
