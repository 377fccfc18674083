using System.Globalization;

using RedisProxy.ProcessTests.Harness;
using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.TakeOver;

/// <summary>systemctl reload after another program was installed: that one becomes the service, in the same unit.</summary>
public sealed class UpgradeTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly TemporaryFolder _folder = new();
    private SystemdSocket _systemd = null!;
    private RedisServer _server = null!;
    private ProxyProcess _proxy = null!;
    private string _program = null!;

    public async ValueTask InitializeAsync()
    {
        _program = Install();
        _systemd = new SystemdSocket(_folder.File("notify"));
        _server = await RedisServer.StartAsync();
        _proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(_server) with
        {
            Program = _program,
            Environment = new Dictionary<string, string?>
            {
                ["NOTIFY_SOCKET"] = _folder.File("notify"),
                ["WATCHDOG_USEC"] = "400000",
                ["WATCHDOG_PID"] = null,
                ["DOTNET_ROOT"] = Path.GetDirectoryName(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH")),
            },
        });
        await _systemd.ReceiveAsync("READY=1");
    }

    public async ValueTask DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _server.DisposeAsync();
        _systemd.Dispose();
        _folder.Dispose();
    }

    [EpollFact("passes connections on")]
    public async Task Reload_AnotherProgramIsInstalled_ItBecomesTheServiceIfItStartsAndNoClientNotices()
    {
        using RawClient client = await _proxy.ConnectAsync();
        long id = (await client.CallAsync("CLIENT", "ID")).Number;
        await using var load = new SteadyLoad(_proxy.Port, clients: 2, depth: 5);
        await load.SomeRepliesAsync(100);
        byte[] good = await File.ReadAllBytesAsync(_program);
        Replace(_program, await File.ReadAllBytesAsync("/bin/false"));
        _proxy.Process.HangUp();
        await _systemd.ReceiveAsync("RELOADING=1");
        Assert.DoesNotContain("MAINPID", await _systemd.ReceiveAsync("READY=1"), StringComparison.Ordinal);
        await Eventually.Within(
            Patience,
            () => _proxy.Process.LogTail.Contains("this process goes on: it ended with exit code 1", StringComparison.Ordinal),
            "it says why");
        Replace(_program, good);
        _proxy.Process.HangUp();
        await _systemd.ReceiveAsync("RELOADING=1");
        _proxy.Process.HangUp();
        string handover = await _systemd.ReceiveAsync("MAINPID=");
        int successor = int.Parse(handover.Split('\n').Single(line => line[0] == 'M')["MAINPID=".Length..], CultureInfo.InvariantCulture);
        Assert.Contains("READY=1\n", handover, StringComparison.Ordinal);
        try
        {
            Assert.Equal(_program, new FileInfo($"/proc/{successor}/exe").LinkTarget);
            await Eventually.Within(Patience, () => IsGone(_proxy.Process.Id), "the old process ends by itself");
            Assert.Contains("SIGHUP is ignored: this process is ending", _proxy.Process.LogTail, StringComparison.Ordinal);
            await load.SomeRepliesAsync(100);
            Assert.Equal(id, (await client.CallAsync("CLIENT", "ID")).Number);
            await load.StopAsync();
            Assert.Equal((0, ""), (load.Closed, string.Join('\n', load.Faults)));

            // For systemd the unit runs all the time, and the watchdog is fed by the new process.
            Assert.Contains("session(s)", await _systemd.ReceiveAsync("WATCHDOG=1"), StringComparison.Ordinal);
            Assert.DoesNotContain(_systemd.Received, state => state.Contains("STOPPING=1", StringComparison.Ordinal));
        }
        finally
        {
            NativeProcess.Signal(successor, NativeProcess.SigTerm);
        }

        await _systemd.ReceiveAsync("STOPPING=1");
        Assert.Equal(0, await _proxy.Process.WaitForExitAsync(Patience));
    }

    /// <summary>Until it knows its master the other process serves better, and it is the one that may end it.</summary>
    [EpollFact("passes connections on")]
    public async Task Reload_AnotherProgramFindsNoMaster_NoClientComesToIt()
    {
        Replace(_program, await File.ReadAllBytesAsync(_program));
        string other = $"127.0.0.1:{FreePorts.Take()}";
        string configuration = _proxy.Configuration.Replace(_server.Endpoint, other, StringComparison.Ordinal);
        await File.WriteAllTextAsync(_proxy.ConfigurationPath, configuration);
        _proxy.Process.HangUp();
        await Eventually.Within(
            Patience,
            () => _proxy.Process.LogTail.Contains("Nothing is taken over yet: no master of 'default': ", StringComparison.Ordinal),
            "the new process says what it lacks");
        for (int i = 0; i < 10; i++)
        {
            using RawClient client = await _proxy.ConnectAsync();
            Assert.Equal("PONG", (await client.CallAsync("PING")).Text);
            Assert.StartsWith("ready", await _proxy.Http.GetStringAsync("/healthz/ready"), StringComparison.Ordinal);
        }

        _proxy.Process.Terminate();
        await _systemd.ReceiveAsync("STOPPING=1");
        Assert.Equal(0, await _proxy.Process.WaitForExitAsync(Patience));
        Assert.Contains("this process goes on: this process is being stopped", _proxy.Process.LogTail, StringComparison.Ordinal);
    }

    /// <summary>A copy of the program, beside what it needs.</summary>
    private string Install()
    {
        string built = ProxyProgram.Find();
        string[] files = ProxyProgram.IsNative(built) ? [built] : Directory.GetFiles(Path.GetDirectoryName(built)!);
        foreach (string file in files)
        {
            File.Copy(file, _folder.File(Path.GetFileName(file)));
        }

        return _folder.File("RedisProxy");
    }

    /// <summary>As a package manager does it: written beside it, and renamed.</summary>
    private static void Replace(string program, byte[] content)
    {
        string beside = program + ".new";
        File.Copy(program, beside);
        File.WriteAllBytes(beside, content);
        File.Move(beside, program, overwrite: true);
    }

    /// <summary>Ended; whoever started it may not have noticed yet.</summary>
    private static bool IsGone(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/stat").Split(") ")[1][0] == 'Z';
        }
        catch (IOException)
        {
            return true;
        }
    }
}
