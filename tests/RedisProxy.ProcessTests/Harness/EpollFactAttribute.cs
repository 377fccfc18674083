using System.Runtime.CompilerServices;

namespace RedisProxy.ProcessTests.Harness;

/// <summary>A test of what the portable transport does not have. Skipped where <c>REDISPROXY_TRANSPORT</c> asks for that.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class EpollFactAttribute : FactAttribute
{
    /// <param name="does">What only epoll's transport does.</param>
    /// <param name="file">Of the test.</param>
    /// <param name="line">Of the test.</param>
    public EpollFactAttribute(string does, [CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line)
    {
        Does = does;
        Skip = ProxyTransport.IsPortable ? $"only epoll's transport {does}" : null;
    }

    public string Does { get; }
}
