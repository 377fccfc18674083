using System.Runtime.CompilerServices;

namespace RedisProxy.ProcessTests.Harness;

/// <summary>
/// A test of what holds only while every session has a link of its own. Skipped where <c>REDISPROXY_MULTIPLEX</c> asks for shared ones.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class OwnLinkFactAttribute : FactAttribute
{
    /// <param name="because">What is otherwise with shared links.</param>
    /// <param name="file">Of the test.</param>
    /// <param name="line">Of the test.</param>
    public OwnLinkFactAttribute(string because, [CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line)
    {
        Because = because;
        Skip = ProxyLinks.AreShared ? $"with shared links, {because}" : null;
    }

    public string Because { get; }
}
