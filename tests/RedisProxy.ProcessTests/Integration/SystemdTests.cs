using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

using RedisProxy.ProcessTests.CommandLine;
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
        using var systemd = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        systemd.Bind(new UnixDomainSocketEndPoint(folder.File("notify")));
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(server) with
        {
            Environment = new Dictionary<string, string?>
            {
                ["NOTIFY_SOCKET"] = folder.File("notify"),
                ["WATCHDOG_USEC"] = "400000",
                ["WATCHDOG_PID"] = null,
            },
        });
        Assert.StartsWith("READY=1\nSTATUS=", await ReceiveAsync(systemd, "READY=1"), StringComparison.Ordinal);
        await ReceiveAsync(systemd, "WATCHDOG=1");
        Assert.Contains("session(s); default 127.0.0.1:", await ReceiveAsync(systemd, "WATCHDOG=1"), StringComparison.Ordinal);
        long before = System.Diagnostics.Stopwatch.GetTimestamp() / 1000;
        proxy.Process.HangUp();
        string reloading = await ReceiveAsync(systemd, "RELOADING=1");
        Assert.InRange(
            long.Parse(Microseconds().Match(reloading).Groups[1].Value), before, System.Diagnostics.Stopwatch.GetTimestamp() / 1000);
        await ReceiveAsync(systemd, "READY=1");
        proxy.Process.Terminate();
        Assert.Contains("EXTEND_TIMEOUT_USEC=11000000", await ReceiveAsync(systemd, "STOPPING=1"), StringComparison.Ordinal);
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

    private static async Task<string> ReceiveAsync(Socket systemd, string what)
    {
        byte[] buffer = new byte[4096];
        using var timeout = new CancellationTokenSource(Patience);
        while (true)
        {
            int length = await systemd.ReceiveAsync(buffer, SocketFlags.None, timeout.Token);
            string state = Encoding.UTF8.GetString(buffer, 0, length);
            if (state.Split('\n').Contains(what))
            {
                return state;
            }
        }
    }

    [GeneratedRegex(@"MONOTONIC_USEC=(\d+)")]
    private static partial Regex Microseconds();
}
