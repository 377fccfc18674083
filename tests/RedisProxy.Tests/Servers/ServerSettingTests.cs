using RedisProxy.Servers;

namespace RedisProxy.Tests.Servers;

public sealed class ServerSettingTests
{
    [Theory]
    [InlineData("maxmemory", "104857600", "100mb", true)]
    [InlineData("maxmemory", "100000000", "100m", true)]
    [InlineData("maxmemory", "104857600", "100m", false)]
    [InlineData("appendonly", "yes", "YES", true)]
    [InlineData("appendonly", "yes", "no", false)]
    [InlineData("save", "900 1 300 10", "900 1  300 10", true)]
    [InlineData("save", "900 1 300 10", "900 1", false)]
    [InlineData("save", "", "", true)]
    [InlineData("save", "900 1", "", false)]
    [InlineData("maxmemory-policy", "allkeys-lru", "allkeys-LRU", true)]
    [InlineData("maxmemory-policy", "allkeys-lru", "allkeys-lfu", false)]
    [InlineData("slowlog-log-slower-than", "-1", "-1", true)]
    [InlineData("notify-keyspace-events", "AKE", "KEA", true)]
    [InlineData("notify-keyspace-events", "AKE", "g$lshzxetdEK", true)]
    [InlineData("notify-keyspace-events", "xKE", "KEA", false)]
    [InlineData("client-output-buffer-limit", "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60",
        "replica 256mb 64mb 60", true)]
    [InlineData("client-output-buffer-limit", "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60",
        "replica 512mb 64mb 60", false)]
    public void Values_AreComparedByTheirMeaning(string name, string value, string wanted, bool expected) =>
        Assert.Equal(expected, ServerSetting.IsAs(name, value, wanted));

    [Theory]
    [InlineData("appendonly", "yes", "no", true)]
    [InlineData("appendonly", "no", "yes", false)]
    [InlineData("save", "900 1", "", true)]
    [InlineData("save", "900 1", "3600 1", false)]
    [InlineData("save", "", "900 1", false)]
    [InlineData("maxmemory", "1", "0", false)]
    public void Persistence_ThatIsSwitchedOff_KeepsLess(string name, string old, string now, bool expected) =>
        Assert.Equal(expected, ServerSetting.KeepsLess(name, old, now));
}
