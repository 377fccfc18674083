using System.Net;
using System.Net.Sockets;

using Microsoft.Extensions.Logging.Abstractions;

using RedisProxy.Configuration;
using RedisProxy.Failover;
using RedisProxy.Servers;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Failover;

public sealed class ServerNameTests
{
    private static readonly TopologyContext Context = new(TimeProvider.System, NullLoggerFactory.Instance)
    {
        Resolve = (host, _) => host switch
        {
            "redis-0-alias" => Task.FromResult<IPAddress[]>([IPAddress.Parse("10.1.2.3")]),
            "elsewhere" => Task.FromResult<IPAddress[]>([IPAddress.Parse("10.9.9.9")]),
            _ => throw new SocketException((int)SocketError.HostNotFound),
        },
    };

    [Theory]
    [InlineData("10.1.2.3")]
    [InlineData("10.1.2.3:6379")]
    [InlineData("redis-0")]
    [InlineData("REDIS-0.redis.default.svc")]
    [InlineData("redis-0.redis.default.svc.cluster.local:6379")]
    [InlineData("redis-0-alias")]
    public async Task Name_OfTheMaster_IsRecognised(string text) => Assert.Equal(NamedServer.Master, await FindAsync(text));

    [Theory]
    [InlineData("10.1.2.9:6379")]
    [InlineData("redis-1")]
    public async Task Name_OfAReplica_IsRecognised(string text) => Assert.Equal(NamedServer.Replica, await FindAsync(text));

    [Theory]
    [InlineData("10.1.2.4")]
    [InlineData("10.1.2.3:6380")]
    [InlineData("elsewhere")]
    public async Task Name_OfAServerThatIsNoneOfThem_IsNobodys(string text) => Assert.Equal(NamedServer.Nobody, await FindAsync(text));

    /// <summary>It may be the master's: a record is gone, or DNS is, just when the server is about to stop.</summary>
    [Theory]
    [InlineData("redis")]
    [InlineData("nowhere")]
    [InlineData("redis-1:6380")]
    public async Task Name_ThatCannotBeResolved_IsUnknown(string text) => Assert.Equal(NamedServer.Unknown, await FindAsync(text));

    /// <summary>A pod of the same name in another namespace; two servers on one machine.</summary>
    [Theory]
    [InlineData("redis-0", "redis-0.eu.svc:6379", "redis-0.us.svc:6379", NamedServer.Several)]
    [InlineData("redis-0.eu", "redis-0.eu.svc:6379", "redis-0.us.svc:6379", NamedServer.Master)]
    [InlineData("redis-0.us", "redis-0.eu.svc:6379", "redis-0.us.svc:6379", NamedServer.Replica)]
    [InlineData("redis-0.us.svc", "redis-0.us.svc.local:6379", "redis-0.us.svc:6379", NamedServer.Replica)]
    [InlineData("10.1.2.3", "10.1.2.3:6379", "10.1.2.3:6380", NamedServer.Several)]
    [InlineData("10.1.2.3:6379", "10.1.2.3:6379", "10.1.2.3:6380", NamedServer.Master)]
    [InlineData("10.1.2.3:6380", "10.1.2.3:6379", "10.1.2.3:6380", NamedServer.Replica)]
    public async Task Name_ThatFitsTwo_IsTheOneItFitsBetter_OrSeveral(string text, string master, string replica, object expected) =>
        Assert.Equal((NamedServer)expected, await FindAsync(text, master, replica));

    [Theory]
    [InlineData("fd00::1", "fd00::1", null)]
    [InlineData("[fd00::1]:6379", "fd00::1", 6379)]
    [InlineData("redis-0:6379", "redis-0", 6379)]
    public void Text_HasHostAndPort(string text, string host, int? port)
    {
        Assert.True(ServerName.TryParse(text, out ServerName? name));
        Assert.Equal(new ServerName(host, port), name);
    }

    [Theory]
    [InlineData("")]
    [InlineData(":6379")]
    [InlineData("redis-0:")]
    [InlineData("redis 0")]
    [InlineData("redis-0:99999")]
    public void Text_WithoutAHost_IsRefused(string text) => Assert.False(ServerName.TryParse(text, out _));

    private static Task<NamedServer> FindAsync(
        string text, string master = "redis-0.redis.default.svc.cluster.local:6379", params string[] replicas)
    {
        string[] others = replicas.Length > 0 ? replicas : ["redis-1.redis.default.svc.cluster.local:6379", "10.1.2.9:6379"];
        var view = new TopologyView
        {
            MasterName = "mymaster",
            Master = new MasterNode(EndpointOf(master), IPEndPoint.Parse("10.1.2.3:6379")),
            Replicas = [.. others.Select(EndpointOf)],
        };
        Assert.True(ServerName.TryParse(text, out ServerName? name));
        return name.FindAsync(view, Context, CancellationToken.None);
    }

    private static HostEndpoint EndpointOf(string text)
    {
        Assert.True(HostEndpoint.TryParse(text, out HostEndpoint? endpoint));
        return endpoint;
    }
}
