using System.Text.RegularExpressions;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Container;

/// <summary>A small Debian in a folder, with nothing of ours, and no systemd running in it. Needs root.</summary>
internal sealed partial class DebianSystem : IDisposable
{
    private const string UnitFile = "usr/lib/systemd/system/redisproxy.service";

    private static readonly TimeSpan MakeWithin = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan RunWithin = TimeSpan.FromMinutes(1);
    private static readonly string Script = Path.Combine(ProxyProgram.RepositoryRoot(), "tests/container/debian.sh");

    private readonly TemporaryFolder _folder = new("debian");

    private string Root => _folder.File("root");

    public static async Task<DebianSystem> MakeAsync()
    {
        var system = new DebianSystem();
        await RunAsync(Script, ["--make", system.Root], system._folder.File("make.log"), MakeWithin);
        return system;
    }

    /// <summary>A file in it.</summary>
    public string File(string path) => Path.Combine(Root, path.TrimStart('/'));

    /// <summary>As root, to its end.</summary>
    /// <returns>Its output.</returns>
    public Task<string> RunAsync(params string[] command) =>
        RunAsync(Script, [Root, "--", .. command], _folder.File("run.log"), RunWithin);

    /// <summary>What systemd would start, as the unit's user.</summary>
    public async Task<ChildProcess> StartServiceAsync(string notifySocket)
    {
        string unit = await System.IO.File.ReadAllTextAsync(File(UnitFile));
        string user = User().Match(unit).Groups[1].Value;
        string[] command = Command().Match(unit).Groups[1].Value.Split(' ');
        Dictionary<string, string?> environment = ProxyProgram.CleanEnvironment();
        environment["NOTIFY_SOCKET"] = notifySocket;
        return await ChildProcess.StartAsync(
            "the service", Script, [Root, user, "--", .. command], _folder.File("service.log"), environment);
    }

    public void Dispose() => _folder.Dispose();

    private static async Task<string> RunAsync(string program, string[] arguments, string log, TimeSpan within)
    {
        await using ChildProcess process = await ChildProcess.StartAsync(program, program, arguments, log);
        int exitCode = await process.WaitForExitAsync(within);
        Assert.True(exitCode == 0, $"{string.Join(' ', arguments)}: exit code {exitCode}\n{process.LogTail}");
        return process.LogTail;
    }

    [GeneratedRegex("^User=(.*)$", RegexOptions.Multiline)]
    private static partial Regex User();

    [GeneratedRegex("^ExecStart=(.*)$", RegexOptions.Multiline)]
    private static partial Regex Command();
}
