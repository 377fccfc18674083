namespace RedisProxy.Tests;

/// <summary>A test with shell scripts. On Windows it is skipped, and says why.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class UnixFactAttribute : FactAttribute
{
    public UnixFactAttribute() => Skip = OperatingSystem.IsWindows() ? "needs a shell" : null;
}
