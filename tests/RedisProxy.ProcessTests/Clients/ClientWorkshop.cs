using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Clients;

/// <summary>Makes drivers ready: compiles, installs from npm by the lock file, finds. Each failure says what is needed.</summary>
internal sealed class ClientWorkshop : IDisposable
{
    public const string NodeNeeds = "Node.js 18 or later, npm, and npm's registry or a mirror of it";

    // Debian's own, because that is the one that python3-redis is for.
    private const string Python = "/usr/bin/python3";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly TemporaryFolder _folder = new("clients");
    private Task<string>? _node;

    private static string Sources => Path.Combine(ProxyProgram.RepositoryRoot(), "tests", "clients");

    public string LogFile(string name) => _folder.File($"{name.Replace(':', '-')}.log");

#pragma warning disable CA1822 // Beside those that need the folder.
    public Task<string[]> PythonAsync(string client) => Task.FromResult<string[]>([Python, Path.Combine(Sources, client, "driver.py")]);

    public Task<string[]> ShellAsync(string client) => Task.FromResult<string[]>(["sh", Path.Combine(Sources, client, "driver.sh")]);

    public Task<string[]> PhpAsync(string client) => Task.FromResult<string[]>(["php", Path.Combine(Sources, client, "driver.php")]);

    public Task<string[]> DotnetAsync(string client, params string[] options)
    {
        string own = AppContext.BaseDirectory.Contains("/Debug/", StringComparison.Ordinal) ? "Debug" : "Release";
        string dll = Path.Combine(Sources, client, "bin", own, "net10.0", "StackExchangeRedisDriver.dll");
        return Task.FromResult<string[]>([Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", dll, .. options]);
    }
#pragma warning restore CA1822

    public async Task<string[]> CompileAsync(string client)
    {
        string program = _folder.File(client);
        await RunAsync("gcc", "-O1", "-Wall", "-Wextra", "-Werror", "-o", program, Path.Combine(Sources, client, "driver.c"), "-lhiredis");
        return [program];
    }

    public async Task<string[]> NodeAsync(string file) => ["node", Path.Combine(await (_node ??= InstallFromNpmAsync("node")), file)];

    public async Task<string[]> BullMqAsync() => ["node", Path.Combine(await InstallFromNpmAsync("bullmq"), "driver.mjs")];

    public void Dispose() => _folder.Dispose();

    private async Task<string> InstallFromNpmAsync(string client)
    {
        string folder = _folder.Folder(client);
        foreach (string file in Directory.EnumerateFiles(Path.Combine(Sources, client)))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }

        await RunAsync("npm", "ci", "--prefix", folder, "--no-audit", "--no-fund");
        return folder;
    }

    private async Task RunAsync(string program, params string[] arguments)
    {
        await using ChildProcess process = await ChildProcess.StartAsync(program, program, arguments, LogFile(program));
        int exitCode = await process.WaitForExitAsync(Patience);
        if (exitCode != 0)
        {
            throw new InvalidOperationException(
                $"'{program} {string.Join(' ', arguments)}' ended with exit code {exitCode}. Its last lines:\n{process.LogTail}");
        }
    }
}
