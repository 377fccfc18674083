namespace RedisProxy.Testing;

/// <summary>Where the proxy is, and how it is run: portable code by <c>dotnet</c>, a native program by itself.</summary>
public static class ProxyProgram
{
    /// <summary>The path of another RedisProxy.dll, or of a native program as <c>dotnet publish</c> makes it.</summary>
    public const string Variable = "REDISPROXY_PROGRAM";

    // Also begins the names of variables that configure a proxy, so none of ours may reach it.
    private const string VariablePrefix = "REDISPROXY_";

    /// <summary>
    /// From <see cref="Variable"/>; else what was built in the repository of this assembly, of the same configuration (Release or Debug),
    /// or else of the other one.
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

    /// <summary>What to start, and with which arguments.</summary>
    /// <param name="program">A .dll, or a native program.</param>
    /// <param name="arguments">Of the program.</param>
    public static (string Program, string[] Arguments) Command(string program, IEnumerable<string> arguments) =>
        IsNative(program)
            ? (program, [.. arguments])
            // The SDK says which dotnet runs it; PATH may know another one, or none.
            : (Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [program, .. arguments]);

    /// <summary>It needs no <c>dotnet</c>.</summary>
    public static bool IsNative(string program) => !program.EndsWith(".dll", StringComparison.Ordinal);

    /// <summary>For a child's environment: takes away whatever would configure a proxy.</summary>
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
