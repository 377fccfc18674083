using RedisProxy.Configuration;
using RedisProxy.EventLoops;

namespace RedisProxy.Hosting;

/// <summary>The transport that the configuration asks for.</summary>
internal static class Transports
{
    /// <exception cref="PlatformNotSupportedException">Not here. The configuration is checked for that.</exception>
    public static SocketTransport Of(LoopTransport transport) => transport switch
    {
        LoopTransport.Pipelines => new PipelinesTransport(),
        _ when OperatingSystem.IsLinux() => new EpollTransport(),
        LoopTransport.Auto => new PipelinesTransport(),
        _ => throw new PlatformNotSupportedException("epoll is Linux only"),
    };
}
