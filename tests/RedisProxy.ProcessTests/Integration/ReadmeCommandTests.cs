using System.Text.RegularExpressions;

using RedisProxy.Testing;
using RedisProxy.Tests.Notify;

namespace RedisProxy.ProcessTests.Integration;

/// <summary>Every command of the program that README.md shows, as it stands there, against a deployment.</summary>
public sealed class ReadmeCommandTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task Commands_OfTheReadme_DoWhatTheySay()
    {
        await using SentinelDeployment deployment = await SentinelDeployment.StartAsync(new SentinelDeploymentOptions
        {
            Server = new RedisServerOptions { Lines = ["save 3600 1"] },
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            ProxyProcessOptions.For(deployment).With("admin.token", "readme").With("shutdown.drainTimeout", "1s"));
        using var folder = new TemporaryFolder("readme");
        await PrepareAsync(folder, proxy);
        string[] commands = Commands();
        Assert.True(commands.Length >= 10, string.Join('\n', commands));

        // What ends clients, or replaces the proxy, comes last; what only runs the proxy is what all of this runs in.
        foreach (string command in commands.Where(one => !IsRun(one)).OrderBy(one => one.Contains(" drain", StringComparison.Ordinal)))
        {
            using RawClient client = await proxy.ConnectAsync();
            await client.CallAsync("PING");
            string id = Regex.Match(
                await proxy.Http.GetStringAsync(new Uri("sessions", UriKind.Relative)), @"""id"": (\d+)").Groups[1].Value;
            string real = command.Replace("4711", id, StringComparison.Ordinal)
                .Replace("mymaster", deployment.MasterName, StringComparison.Ordinal);
            (int code, string said) = await RunAsync(folder, real);
            Assert.True(code == 0, $"{real}: {code}\n{said}");
        }

        await using ProxyProcess successor = await proxy.StartSuccessorAsync("--take-over");
        Assert.Contains(commands, one => one.EndsWith("--take-over", StringComparison.Ordinal));
    }

    private static bool IsRun(string command) => command.StartsWith("RedisProxy --config", StringComparison.Ordinal);

    private static string[] Commands() =>
    [
        .. File.ReadLines(Path.Combine(ProxyProgram.RepositoryRoot(), "README.md"))
            .Where(line => line.StartsWith("RedisProxy ", StringComparison.Ordinal) && line.Contains(" # ", StringComparison.Ordinal)
                || Regex.IsMatch(line, "^RedisProxy [a-z-]+( [-a-z0-9.]+)*$"))
            .Select(line => line.Split(" #")[0].Trim()),
    ];

    private static async Task PrepareAsync(TemporaryFolder folder, ProxyProcess proxy)
    {
        File.Copy(proxy.ConfigurationPath, folder.File("proxy.json"));
        (string program, string[] arguments) = ProxyProgram.Command(ProxyProgram.Find(), []);
        string script = folder.File("RedisProxy");
        ScriptFile.Write(script, $"exec {program} {string.Join(' ', arguments)} \"$@\"");
        await File.WriteAllTextAsync(
            folder.File("environment"),
            $"export REDISPROXY_admin__bind=127.0.0.1:{proxy.AdminPort} REDISPROXY_admin__token=readme PATH={folder.Path}:$PATH\n");
    }

    private static async Task<(int Code, string Said)> RunAsync(TemporaryFolder folder, string command)
    {
        string log = folder.File("said");
        File.Delete(log);
        await using ChildProcess shell = await ChildProcess.StartAsync(
            "command", "sh", ["-c", $"cd {folder.Path} && . ./environment && {command}"], log, ProxyProgram.CleanEnvironment());
        return (await shell.WaitForExitAsync(Patience), await File.ReadAllTextAsync(log));
    }
}
