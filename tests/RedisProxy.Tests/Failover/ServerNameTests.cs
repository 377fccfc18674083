using System.Net;

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
        Resolve = (host, _) => Task.FromResult<IPAddress[]>(host == "redis-0-alias" ? [IPAddress.Parse("10.1.2.3")] : []),
    };

    [Theory]
    [InlineData("10.1.2.3")]
    [InlineData("10.1.2.3:6379")]
    [InlineData("redis-0")]
    [InlineData("REDIS-0.redis.default.svc")]
    [InlineData("redis-0.redis.default.svc.cluster.local:6379")]
    [InlineData("redis-0-alias")]
    public async Task Name_OfTheMaster_IsRecognised(string text) => Assert.True(await IsMasterAsync(text));

    [Theory]
    [InlineData("10.1.2.4")]
    [InlineData("10.1.2.3:6380")]
    [InlineData("redis-1")]
    [InlineData("redis")]
    [InlineData("10")]
    [InlineData("nowhere")]
    public async Task Name_OfAnotherServer_IsNot(string text) => Assert.False(await IsMasterAsync(text));

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

    private static async Task<bool> IsMasterAsync(string text) =>
        ServerName.TryParse(text, out ServerName? name) && await name.IsAsync(
            new MasterNode(new HostEndpoint("redis-0.redis.default.svc.cluster.local", 6379), IPEndPoint.Parse("10.1.2.3:6379")),
            Context,
            CancellationToken.None);
}
