namespace RedisProxy.ProcessTests.Harness;

/// <summary>A test of what the portable transport does not have. Skipped where <c>REDISPROXY_TRANSPORT</c> asks for that.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class EpollFactAttribute : FactAttribute
{
    /// <param name="does">What only epoll's transport does.</param>
    public EpollFactAttribute(string does)
    {
        Does = does;
        Skip = Environment.GetEnvironmentVariable("REDISPROXY_TRANSPORT") is "pipelines" ? $"only epoll's transport {does}" : null;
    }

    public string Does { get; }
}
