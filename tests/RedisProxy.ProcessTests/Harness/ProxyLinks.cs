namespace RedisProxy.ProcessTests.Harness;

/// <summary>How the proxies of this run are linked with their servers.</summary>
internal static class ProxyLinks
{
    /// <summary><c>REDISPROXY_MULTIPLEX</c> asks for sessions that share links.</summary>
    public static bool AreShared { get; } = Environment.GetEnvironmentVariable("REDISPROXY_MULTIPLEX") is not (null or "" or "0");
}
