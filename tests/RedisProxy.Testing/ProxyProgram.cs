namespace RedisProxy.Testing;

/// <summary>Finds and runs the proxy: portable code with <c>dotnet</c>, a native program directly.</summary>
public static class ProxyProgram
{
    /// <summary>Path of another RedisProxy.dll, or of a native program built by <c>dotnet publish</c>.</summary>
    public const string Variable = "REDISPROXY_PROGRAM";

    // Also the prefix of variables that configure a proxy, so none of ours may reach it.
    private const string VariablePrefix = "REDISPROXY_";

    /// <summary>
    /// From <see cref="Variable"/>; otherwise the build in this assembly's repository, preferably of the same configuration (Release or
    /// Debug).
    /// </summary>
    public static string Find()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } path)
        {
            return path;
        }

        string root = RepositoryRoot();
        string own = AppContext.BaseDirectory.Contains("/Debug/", StringComparison.Ordinal) ? "Debug" : "Release";
        string other = own == "Debug" ? "Release" : "Debug";
        return new[] { own, other }
            .Select(configuration => Path.Combine(root, "src/RedisProxy/bin", configuration, "net10.0/RedisProxy.dll"))
            .FirstOrDefault(File.Exists)
            ?? throw new FileNotFoundException($"No RedisProxy.dll below {root}/src/RedisProxy/bin: build it first, or set {Variable}.");
    }

    /// <summary>The program to start, and its arguments.</summary>
    /// <param name="program">A .dll, or a native program.</param>
    /// <param name="arguments">Of the proxy.</param>
    public static (string Program, string[] Arguments) Command(string program, IEnumerable<string> arguments) =>
        IsNative(program)
            ? (program, [.. arguments])
            // The SDK names the dotnet that runs it; PATH may have another one, or none.
            : (Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [program, .. arguments]);

    /// <summary>It runs without <c>dotnet</c>.</summary>
    public static bool IsNative(string program) => !program.EndsWith(".dll", StringComparison.Ordinal);

    /// <summary>For a child's environment: removes every variable that configures a proxy.</summary>
    public static Dictionary<string, string?> CleanEnvironment() => Environment.GetEnvironmentVariables().Keys.OfType<string>()
        .Where(name => name.StartsWith(VariablePrefix, StringComparison.OrdinalIgnoreCase))
        .ToDictionary(name => name, _ => (string?)null);

    /// <summary>The folder with <c>Proxy.sln</c>, above this assembly.</summary>
    public static string RepositoryRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Proxy.sln")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException($"No Proxy.sln above {AppContext.BaseDirectory}.");
    }
}
