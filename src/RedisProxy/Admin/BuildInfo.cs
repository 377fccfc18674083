using System.Reflection;

namespace RedisProxy.Admin;

internal static class BuildInfo
{
    /// <summary>As built, without the commit.</summary>
    public static string Version { get; } =
        typeof(BuildInfo).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";
}
