using System.Text;

using RedisProxy.Configuration;
using RedisProxy.EventLoops;

namespace RedisProxy.Tests.Configuration;

public sealed class AddressTests
{
    [Theory]
    [InlineData("10.0.0.5:6379", "10.0.0.5", 6379)]
    [InlineData("0.0.0.0:1", "0.0.0.0", 1)]
    [InlineData("localhost:65535", "localhost", 65535)]
    [InlineData("redis-1:6379", "redis-1", 6379)]
    [InlineData("redis_1:6379", "redis_1", 6379)]
    [InlineData("redis-0.redis.prod.svc.cluster.local:6379", "redis-0.redis.prod.svc.cluster.local", 6379)]
    [InlineData("redis.example.com.:6379", "redis.example.com.", 6379)]
    [InlineData("1a:6379", "1a", 6379)]
    [InlineData("[::1]:6379", "::1", 6379)]
    [InlineData("[::]:6380", "::", 6380)]
    [InlineData("[2001:DB8:0::1]:6379", "2001:db8::1", 6379)]
    [InlineData("[::ffff:10.0.0.1]:6379", "::ffff:10.0.0.1", 6379)]
    public void HostEndpoint_HostAndPort_IsUnderstood(string text, string host, int port)
    {
        Assert.True(HostEndpoint.TryParse(text, out HostEndpoint? endpoint));
        Assert.Equal((host, port), (endpoint.Host, endpoint.Port));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("6379")]
    [InlineData(":6379")]
    [InlineData("localhost")]
    [InlineData("localhost:")]
    [InlineData("localhost:0")]
    [InlineData("localhost:65536")]
    [InlineData("localhost:+1")]
    [InlineData("localhost: 1")]
    [InlineData("localhost:6379 ")]
    [InlineData(" localhost:6379")]
    [InlineData("local host:6379")]
    [InlineData("*:6379")]
    [InlineData("redis://localhost:6379")]
    [InlineData("user@host:6379")]
    [InlineData("::1:6379")]
    [InlineData("2001:db8::1:6379")]
    [InlineData("[::1]")]
    [InlineData("[]:6379")]
    [InlineData("[::1:6379")]
    [InlineData("::1]:6379")]
    [InlineData("[[::1]]:6379")]
    [InlineData("[localhost]:6379")]
    [InlineData("[10.0.0.1]:6379")]
    [InlineData("127.1:6379")]
    [InlineData("1.2.3:6379")]
    [InlineData("010.0.0.1:6379")]
    [InlineData("0x7f.0.0.1:6379")]
    [InlineData("256.0.0.1:6379")]
    [InlineData("10.0.0.1.2:6379")]
    [InlineData("6380:6379")]
    public void HostEndpoint_AnythingElse_IsRefused(string? text) => Assert.False(HostEndpoint.TryParse(text, out _));

    [Theory]
    [InlineData("10.0.0.5:6379")]
    [InlineData("redis-1:6379")]
    [InlineData("[2001:db8::1]:6379")]
    public void HostEndpoint_AsText_IsReadBack(string text)
    {
        Assert.True(HostEndpoint.TryParse(text, out HostEndpoint? endpoint));
        Assert.Equal(text, endpoint.ToString());
    }

    [Theory]
    [InlineData("Redis-1:6379", "redis-1:6379", true)]
    [InlineData("[2001:DB8::1]:6379", "[2001:db8::1]:6379", true)]
    [InlineData("redis-1:6379", "redis-1:6380", false)]
    [InlineData("localhost:6379", "127.0.0.1:6379", false)]
    public void HostEndpoint_Equality_IgnoresCaseAndLooksNothingUp(string a, string b, bool areEqual)
    {
        HostEndpoint first = Endpoint(a), second = Endpoint(b);
        Assert.Equal(areEqual, first == second);
        Assert.Equal(areEqual, first.GetHashCode() == second.GetHashCode());
    }

    [Theory]
    [InlineData("127.0.0.1:1", "127.0.0.1:1", true, true)]
    [InlineData("127.0.0.1:1", "127.0.0.1:2", false, false)]
    [InlineData("127.0.0.1:1", "localhost:1", true, true)]
    [InlineData("localhost:1", "[::1]:1", true, true)]
    [InlineData("localhost:1", "127.0.0.2:1", false, false)]
    [InlineData("127.0.0.1:1", "[::1]:1", false, false)]
    [InlineData("127.0.0.1:1", "127.0.0.2:1", false, false)]
    [InlineData("0.0.0.0:1", "127.0.0.2:1", false, true)]
    [InlineData("0.0.0.0:1", "127.0.0.1:2", false, false)]
    [InlineData("0.0.0.0:1", "localhost:1", false, true)]
    [InlineData("0.0.0.0:1", "[::1]:1", false, false)]
    [InlineData("0.0.0.0:1", "10.0.0.1:1", false, false)]
    [InlineData("[::]:1", "[::1]:1", false, true)]
    [InlineData("[::]:1", "127.0.0.1:1", false, true)]
    [InlineData("redis:1", "127.0.0.1:1", false, false)]
    public void HostEndpoint_OfThisMachine_IsRecognised(string listening, string other, bool isSame, bool accepts)
    {
        Assert.Equal(isSame, Endpoint(listening).IsSameAs(Endpoint(other)));
        Assert.Equal(isSame, Endpoint(other).IsSameAs(Endpoint(listening)));
        Assert.Equal(accepts, Endpoint(listening).Accepts(Endpoint(other)));
    }

    [Theory]
    [InlineData("0.0.0.0:6379", true)]
    [InlineData("[::]:6379", true)]
    [InlineData("[0:0::0]:6379", true)]
    [InlineData("127.0.0.1:6379", false)]
    [InlineData("localhost:6379", false)]
    public void HostEndpoint_AnyAddress_IsRecognised(string text, bool isAny) => Assert.Equal(isAny, Endpoint(text).IsAnyAddress);

    [Theory]
    [InlineData("127.0.0.1:6380")]
    [InlineData("[::]:6380")]
    public void BindAddress_HostAndPort_IsTcp(string text)
    {
        Assert.True(BindAddress.TryParse(text, out BindAddress? bind));
        Assert.Equal(text, bind.Tcp?.ToString());
        Assert.Null(bind.UnixPath);
        Assert.Equal(text, bind.ToString());
        Assert.Equal(BindAddress.OfTcp(Endpoint(text)), bind);
    }

    [Fact]
    public void BindAddress_UnixPath_IsUnix()
    {
        Assert.True(BindAddress.TryParse("unix:/run/a b:1.sock", out BindAddress? bind));
        Assert.Null(bind.Tcp);
        Assert.Equal("/run/a b:1.sock", bind.UnixPath);
        Assert.Equal("unix:/run/a b:1.sock", bind.ToString());
    }

    [Theory]
    [InlineData(BindAddress.MaxUnixPathBytes, true)]
    [InlineData(BindAddress.MaxUnixPathBytes + 1, false)]
    public void BindAddress_UnixPath_HasToFitIntoASocketAddress(int bytes, bool fits)
    {
        string path = "/ü" + new string('x', bytes - 3);
        Assert.Equal(fits, BindAddress.TryParse($"unix:{path}", out _));

        // The name of a successor's socket.
        Assert.Equal(fits, Encoding.UTF8.GetByteCount(path + SocketPath.Beside) < 108);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("6380")]
    [InlineData("*:6380")]
    [InlineData("unix:")]
    [InlineData("unix:run/x.sock")]
    [InlineData("UNIX:/run/x.sock")]
    [InlineData("/run/x.sock")]
    public void BindAddress_AnythingElse_IsRefused(string? text) => Assert.False(BindAddress.TryParse(text, out _));

    private static HostEndpoint Endpoint(string text)
    {
        Assert.True(HostEndpoint.TryParse(text, out HostEndpoint? endpoint));
        return endpoint;
    }
}
