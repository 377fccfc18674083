using System.Runtime.CompilerServices;

namespace RedisProxy.Tests;

/// <summary>A test with shell scripts. On Windows it is skipped, and says why.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class UnixFactAttribute : FactAttribute
{
    public UnixFactAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) => Skip = OperatingSystem.IsWindows() ? "needs a shell" : null;
}
