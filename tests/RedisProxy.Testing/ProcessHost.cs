namespace RedisProxy.Testing;

/// <summary>Where a process runs: the address it listens on, and the command prefix that starts it there.</summary>
/// <param name="Address">IPv4. The test must be able to reach it.</param>
/// <param name="Launcher">Prefix of the command line, such as <c>ip netns exec name</c>; has to become the program by exec(2).</param>
public sealed record ProcessHost(string Address, IReadOnlyList<string> Launcher)
{
    /// <summary>This machine's loopback.</summary>
    public static ProcessHost Local { get; } = new("127.0.0.1", []);

    internal Task<ChildProcess> StartAsync(
        string name,
        string program,
        IEnumerable<string> arguments,
        string logFile,
        IReadOnlyDictionary<string, string?>? environment = null)
    {
        string[] words = [.. Launcher, program, .. arguments];
        return ChildProcess.StartAsync(name, words[0], words[1..], logFile, environment);
    }
}
