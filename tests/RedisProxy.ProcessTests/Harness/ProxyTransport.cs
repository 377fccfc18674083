namespace RedisProxy.ProcessTests.Harness;

/// <summary>What moves the bytes of the proxies of this run.</summary>
internal static class ProxyTransport
{
    /// <summary><c>REDISPROXY_TRANSPORT</c> asks for the portable one.</summary>
    public static bool IsPortable { get; } = Environment.GetEnvironmentVariable("REDISPROXY_TRANSPORT") is "pipelines";
}
