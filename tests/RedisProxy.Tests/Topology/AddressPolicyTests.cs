using System.Net;
using System.Net.NetworkInformation;

using RedisProxy.Configuration;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Topology;

public class AddressPolicyTests
{
    [Theory]
    [InlineData("0.0.0.0:6380", "127.0.0.1:6380", true)]
    [InlineData("0.0.0.0:6380", "127.0.0.1:6381", false)]
    [InlineData("0.0.0.0:6380", "10.255.255.1:6380", false)]
    [InlineData("[::]:6380", "[::1]:6380", true)]
    [InlineData("127.0.0.1:6380", "127.0.0.1:6380", true)]
    [InlineData("127.0.0.1:6380", "127.0.0.2:6380", false)]
    [InlineData("localhost:6380", "127.0.0.1:6380", true)]
    [InlineData("unix:/run/proxy", "127.0.0.1:6380", false)]
    public void Refuse_OwnListener_OnlyWhereTheConnectionWouldReachIt(string bind, string master, bool isOwn)
    {
        string? reason = PolicyOf(bind).Refuse(IPEndPoint.Parse(master));
        Assert.Equal(isOwn, reason?.Contains("own listener", StringComparison.Ordinal) ?? false);
    }

    [Fact]
    public void Refuse_AddressOfThisHost_IsOwnWhenBoundToAny()
    {
        IPAddress[] own = [.. NetworkInterface.GetAllNetworkInterfaces()
            .SelectMany(card => card.GetIPProperties().UnicastAddresses)
            .Select(address => address.Address)
            .Where(address => address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork)];
        Assert.All(own, address => Assert.NotNull(PolicyOf("0.0.0.0:6380").Refuse(new IPEndPoint(address, 6380))));
    }

    [Theory]
    [InlineData("0.0.0.0:6379")]
    [InlineData("[::]:6379")]
    [InlineData("10.0.0.1:0")]
    public void Refuse_NoAddressOfAServer_IsRefused(string master) =>
        Assert.NotNull(PolicyOf("127.0.0.1:6380").Refuse(IPEndPoint.Parse(master)));

    private static AddressPolicy PolicyOf(string bind)
    {
        Assert.True(BindAddress.TryParse(bind, out BindAddress? parsed));
        return new AddressPolicy(new ProxyOptions { Listeners = [new ListenerOptions { Name = "l", Bind = parsed }] });
    }
}
