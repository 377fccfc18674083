using System.Net;

using RedisProxy.Admin;
using RedisProxy.Configuration;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Admin;

public sealed class SentinelStatusTests
{
    private static readonly HostEndpoint First = new("10.0.0.1", 6379);
    private static readonly HostEndpoint Other = new("10.0.0.2", 6379);

    /// <summary>Without a master there is nothing to agree on: a name that no Sentinel knows must not look well.</summary>
    [Fact]
    public void Agrees_OnlyWithTheMasterInUse()
    {
        var master = new MasterNode(First, new IPEndPoint(IPAddress.Loopback, 6379));

        Assert.True(Agrees(First, master));
        Assert.False(Agrees(Other, master));
        Assert.False(Agrees(null, master));
        Assert.False(Agrees(null, null));
        Assert.False(Agrees(First, master, isConnected: false));
    }

    private static bool Agrees(HostEndpoint? reported, MasterNode? master, bool isConnected = true) => SentinelStatus.Of(
        new SentinelOpinion(new HostEndpoint("s", 26379), isConnected, reported, 1, "", ""), master).Agrees;
}
