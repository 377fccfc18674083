using RedisProxy.Configuration;
using RedisProxy.EventLoops;
using RedisProxy.Hosting;

namespace RedisProxy.Tests.EventLoops;

/// <summary>The transport of this run: what <c>REDISPROXY_TRANSPORT</c> names, otherwise the one that users get.</summary>
internal static class TestTransport
{
    public static SocketTransport Current { get; } = Transports.Of(
        Enum.Parse<LoopTransport>(Environment.GetEnvironmentVariable("REDISPROXY_TRANSPORT") ?? "auto", ignoreCase: true));
}
