using System.Text.RegularExpressions;

using RedisProxy.ProcessTests.CommandLine;
using RedisProxy.ProcessTests.Harness;
using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Integration;

/// <summary>What systemd is told, and the unit file that it reads.</summary>
public sealed partial class SystemdTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Proxy_TellsSystemdOfItsStartItsHealthItsReloadsAndItsStop()
    {
        await using RedisServer server = await RedisServer.StartAsync();
        using var folder = new TemporaryFolder();
        using var systemd = new SystemdSocket(folder.File("notify"));
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(server) with
        {
            Environment = new Dictionary<string, string?>
            {
                ["NOTIFY_SOCKET"] = folder.File("notify"),
                ["WATCHDOG_USEC"] = "400000",
                ["WATCHDOG_PID"] = null,
            },
        });
        Assert.StartsWith("READY=1\nSTATUS=", await systemd.ReceiveAsync("READY=1"), StringComparison.Ordinal);
        await systemd.ReceiveAsync("WATCHDOG=1");
        Assert.Contains("session(s); default 127.0.0.1:", await systemd.ReceiveAsync("WATCHDOG=1"), StringComparison.Ordinal);
        long before = System.Diagnostics.Stopwatch.GetTimestamp() / 1000;
        proxy.Process.HangUp();
        string reloading = await systemd.ReceiveAsync("RELOADING=1");
        Assert.InRange(
            long.Parse(Microseconds().Match(reloading).Groups[1].Value), before, System.Diagnostics.Stopwatch.GetTimestamp() / 1000);
        await systemd.ReceiveAsync("READY=1");
        proxy.Process.Terminate();
        Assert.Contains("EXTEND_TIMEOUT_USEC=11000000", await systemd.ReceiveAsync("STOPPING=1"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unit_IsGoodForSystemdAndNamesOptionsThatThereAre()
    {
        string unit = Path.Combine(ProxyProgram.RepositoryRoot(), "deploy/systemd/redisproxy.service");
        string text = await File.ReadAllTextAsync(unit);
        string command = Regex.Match(text, "^ExecStart=(.*)$", RegexOptions.Multiline).Groups[1].Value;
        Assert.StartsWith("/usr/local/bin/RedisProxy --config /etc/redisproxy/proxy.json", command, StringComparison.Ordinal);
        (int exitCode, string help, _) = await ProcessRun.OfAsync(Path.GetTempPath(), "--help");
        Assert.Equal(0, exitCode);
        Assert.All(Regex.Matches(command, "--[a-z-]+"), option => Assert.Contains(option.Value, help, StringComparison.Ordinal));

        // The program is not installed here; everything else is as it is.
        using var folder = new TemporaryFolder();
        string copy = folder.File("redisproxy.service");
        await File.WriteAllTextAsync(copy, text.Replace("/usr/local/bin/RedisProxy", "/bin/true", StringComparison.Ordinal));
        await using ChildProcess verify = await ChildProcess.StartAsync(
            "systemd-analyze", "systemd-analyze", ["verify", copy], folder.File("log"));
        Assert.Equal(0, await verify.WaitForExitAsync(Patience));
        Assert.Equal("", verify.LogTail);
    }

    [GeneratedRegex(@"MONOTONIC_USEC=(\d+)")]
    private static partial Regex Microseconds();
}
