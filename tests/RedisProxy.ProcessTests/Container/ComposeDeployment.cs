using System.Security.Cryptography;

using RedisProxy.Testing;
using RedisProxy.Tests.Deploy;

namespace RedisProxy.ProcessTests.Container;

/// <summary>
/// The deployment of <c>deploy/compose</c> without an engine: its own files, its names and ports, each service at an address of its own in
/// the loopback of one network namespace, whose hosts file stands for the engine's names. Needs root.
/// </summary>
internal sealed class ComposeDeployment : IAsyncDisposable
{
    private static readonly string[] Servers = ["redis-1", "redis-2", "redis-3"];
    private static readonly string[] Sentinels = ["sentinel-1", "sentinel-2", "sentinel-3"];
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly TemporaryFolder _folder = new("compose");
    private readonly string _namespace = "rp" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(3));
    private readonly Dictionary<string, ChildProcess> _processes = [];

    /// <summary>What makes a command run beside the services.</summary>
    public string[] Launcher => ["ip", "netns", "exec", _namespace];

    /// <summary>With <c>proxy.json</c>, as it is mounted into the container.</summary>
    public string ProxyFolder => _folder.File("redisproxy");

    public ChildProcess this[string service] => _processes[service];

    private string HostsFolder => $"/etc/netns/{_namespace}";

    public static async Task<ComposeDeployment> StartAsync(ContainerImage image)
    {
        var deployment = new ComposeDeployment();
        try
        {
            await deployment.LaunchAsync(image);
            return deployment;
        }
        catch
        {
            await deployment.DisposeAsync();
            throw;
        }
    }

    /// <summary>A command of redis-cli, by the name of a service.</summary>
    public Task<string> CallAsync(string service, int port, params string[] words) =>
        RunAsync([.. Launcher, "redis-cli", "-h", service, "-p", $"{port}", .. words]);

    public async ValueTask DisposeAsync()
    {
        foreach (ChildProcess process in _processes.Values.Reverse())
        {
            await process.DisposeAsync();
        }

        await RunAsync("ip", "netns", "del", _namespace);
        if (Directory.Exists(HostsFolder))
        {
            Directory.Delete(HostsFolder, recursive: true);
        }

        _folder.Dispose();
    }

    private async Task LaunchAsync(ContainerImage image)
    {
        string[] names = [.. Servers, .. Sentinels, "redisproxy"];
        Directory.CreateDirectory(HostsFolder);
        await File.WriteAllLinesAsync(
            $"{HostsFolder}/hosts", names.Select((name, index) => $"{AddressOf(index)} {name}").Prepend("127.0.0.1 localhost"));
        await RunAsync("ip", "netns", "add", _namespace);
        await RunAsync("ip", "-n", _namespace, "link", "set", "lo", "up");
        foreach ((int index, string name) in names[..^1].Index())
        {
            await StartServiceAsync(name, name.Split('-')[0], AddressOf(index));
        }

        await Eventually.Within(
            Patience,
            async () => (await CallAsync("redis-1", 6379, "info", "replication")).Contains("connected_slaves:2", StringComparison.Ordinal),
            "redis-1 has two replicas");
        Directory.CreateDirectory(ProxyFolder);
        ContainerImage.LetOthersIn(_folder.Path);
        File.Copy(DeployFiles.PathOf("deploy/compose/proxy.json"), Path.Combine(ProxyFolder, "proxy.json"));
        _processes["redisproxy"] = await image.StartAsync(ProxyFolder, [], Launcher);
    }

    private async Task StartServiceAsync(string name, string kind, string address)
    {
        // All have the same port, as in their containers, so each is told its address; the container would be alone at its own.
        string script = DeployFiles.PathOf("deploy/compose/redis/start.sh");
        var environment = new Dictionary<string, string?> { ["NAME"] = name, ["DATA"] = _folder.Folder(name) };
        string[] words = [.. Launcher, "sh", script, kind, "--bind", address];
        _processes[name] = await ChildProcess.StartAsync(name, words[0], words[1..], _folder.File($"{name}.log"), environment);
    }

    private static string AddressOf(int index) => $"127.0.1.{index + 1}";

    private async Task<string> RunAsync(params string[] words)
    {
        var output = new List<string>();
        await using ChildProcess process = await ChildProcess.StartAsync(
            words[0], words[0], words[1..], _folder.File("log"), environment: null, output.Add);
        await process.WaitForExitAsync(Patience);
        return string.Join('\n', output);
    }
}
