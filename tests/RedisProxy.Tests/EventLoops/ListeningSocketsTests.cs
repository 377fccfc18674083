using System.Net;
using System.Runtime.Versioning;

using RedisProxy.EventLoops;

namespace RedisProxy.Tests.EventLoops;

[SupportedOSPlatform("linux")]
public sealed class ListeningSocketsTests
{
    private static readonly EpollTransport Transport = new();
    private static readonly TcpSettings Settings = new(60, 10, 3, 30_000);

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public void Count_IsThatOfTheAddress_NotOfItsPort(string address)
    {
        int first = Transport.Listen(new IPEndPoint(IPAddress.Parse(address), 0), Settings);
        IPEndPoint endpoint = Transport.LocalAddress(first)!;
        var others = new List<int>();
        try
        {
            Assert.Equal(1, ListeningSockets.Count(endpoint));
            others.Add(Transport.Listen(endpoint, Settings));
            others.Add(Transport.Listen(endpoint, Settings));
            Assert.Equal(3, ListeningSockets.Count(endpoint));
            Assert.Equal(0, ListeningSockets.Count(new IPEndPoint(IPAddress.Parse("127.0.0.2"), endpoint.Port)));
        }
        finally
        {
            Transport.Close(first);
            others.ForEach(Transport.Close);
        }

        Assert.Equal(0, ListeningSockets.Count(endpoint));
    }
}
