using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;

using RedisProxy.ProcessTests.Harness;
using RedisProxy.ProcessTests.TakeOver;
using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Container;

/// <summary>
/// What ./release.sh builds is good, and its Debian package in use: installed, configured, started, upgraded under load, removed. systemd
/// is played by this test: it starts what the unit says, as its user, and listens at the notification socket. REDISPROXY_RELEASE names the
/// folder of a release that has been built already.
/// </summary>
[Trait("Tier", "Container")]
public sealed class DebianPackageTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const string Token = "/etc/redisproxy/token";
    private const string Settings = "/etc/redisproxy/proxy.json";

    private static readonly string Processor = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "arm64" : "x64";
    private static readonly TimeSpan BuildWithin = TimeSpan.FromMinutes(12);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly string Release = Path.Combine(ProxyProgram.RepositoryRoot(), "release.sh");

    private readonly TemporaryFolder _folder = new("release");
    private string _release = "";
    private DebianSystem _debian = null!;

    public async ValueTask InitializeAsync()
    {
        _release = Environment.GetEnvironmentVariable("REDISPROXY_RELEASE") ?? "";
        if (_release.Length == 0)
        {
            _release = _folder.File("built");
            await RunReleaseAsync("--build", _release, "--only", Processor);
        }

        _debian = await DebianSystem.MakeAsync();
    }

    public ValueTask DisposeAsync()
    {
        _debian.Dispose();
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Package_InstalledConfiguredUpgradedUnderLoadAndRemoved_NoClientNotices()
    {
        string verified = await RunReleaseAsync("--verify", _release, "--only", Processor);
        output.WriteLine(verified);
        Assert.DoesNotContain("WRONG", verified, StringComparison.Ordinal);
        string package = Assert.Single(Directory.GetFiles(_release, Processor == "x64" ? "*_amd64.deb" : "*_arm64.deb"));
        string newer = await NewerAsync(package);
        await using SentinelDeployment deployment = await SentinelDeployment.StartAsync();
        Assert.Contains("name your Sentinels in", await InstallAsync(package), StringComparison.Ordinal);
        Assert.Equal("640 root redisproxy", (await _debian.RunAsync("stat", "-c", "%a %U %G", Token)).Trim());
        (int port, string settings) = Configure(deployment);
        using var systemd = new SystemdSocket(_debian.File("/run/notify"));
        await _debian.RunAsync("chmod", "666", "/run/notify");
        await using ChildProcess first = await _debian.StartServiceAsync("/run/notify");
        await systemd.ReceiveAsync("READY=1");

        await using var load = new SteadyLoad(port, clients: 4, depth: 10);
        await load.SomeRepliesAsync(1000);
        using var stopConnecting = new CancellationTokenSource();
        Task<(int Served, int Refused)> connecting = ConnectAgainAndAgainAsync(port, stopConnecting.Token);
        await InstallAsync(newer);
        Assert.Equal(settings, await File.ReadAllTextAsync(_debian.File(Settings)));

        // systemctl reload, which the package's script calls where systemd runs.
        load.TakeLongestPauseMs();
        first.HangUp();
        string handover = await systemd.ReceiveAsync("MAINPID=");
        int second = int.Parse(handover.Split('\n').Single(line => line[0] == 'M')["MAINPID=".Length..], CultureInfo.InvariantCulture);
        try
        {
            await Eventually.Within(
                Patience, () => first.LogTail.Contains("went to process", StringComparison.Ordinal), "the sessions went there");
            await load.SomeRepliesAsync(2000);
            long pauseMs = load.TakeLongestPauseMs();
            await stopConnecting.CancelAsync();
            (int served, int refused) = await connecting;
            output.WriteLine(
                $"upgraded from process {first.Id} to {second}: {load.Replies} replies, {load.Faults.Count} errors, "
                    + $"{load.Closed} connections closed, longest pause {pauseMs} ms; {served} new clients, {refused} refused");
            await load.StopAsync();
            Assert.Equal((0, 0, ""), (refused, load.Closed, string.Join('\n', load.Faults)));
            Assert.True(served > 10, "clients connected all the time");
            Assert.EndsWith("/usr/bin/RedisProxy", new FileInfo($"/proc/{second}/exe").LinkTarget, StringComparison.Ordinal);
        }
        finally
        {
            NativeProcess.Signal(second, NativeProcess.SigTerm);
        }

        Assert.Equal(0, await first.WaitForExitAsync(Patience));
        await _debian.RunAsync("dpkg", "--remove", "redisproxy");
        Assert.False(File.Exists(_debian.File("/usr/bin/RedisProxy")));
        Assert.True(File.Exists(_debian.File(Settings)));
        await _debian.RunAsync("dpkg", "--purge", "redisproxy");
        Assert.False(Directory.Exists(_debian.File("/etc/redisproxy")));
    }

    private async Task<string> RunReleaseAsync(params string[] arguments)
    {
        await using ChildProcess release = await ChildProcess.StartAsync("release.sh", Release, arguments, _folder.File("release.log"));
        int exitCode = await release.WaitForExitAsync(BuildWithin);
        Assert.True(exitCode == 0, release.LogTail);
        return release.LogTail;
    }

    private async Task<string> InstallAsync(string package)
    {
        File.Copy(package, _debian.File("/tmp/redisproxy.deb"), overwrite: true);
        string said = await _debian.RunAsync("dpkg", "--install", "/tmp/redisproxy.deb");
        output.WriteLine(said);
        return said;
    }

    /// <summary>The package that the next version would be: the same program under a higher number.</summary>
    private async Task<string> NewerAsync(string package)
    {
        string unpacked = _folder.File("unpacked");
        string newer = _folder.File("newer.deb");
        string script = "dpkg-deb --raw-extract \"$1\" \"$2\" && sed -i 's/^Version: .*/&+next/' \"$2/DEBIAN/control\" "
            + "&& dpkg-deb --root-owner-group -Znone --build \"$2\" \"$3\"";
        await using ChildProcess repack = await ChildProcess.StartAsync(
            "sh", "sh", ["-c", script, "sh", package, unpacked, newer], _folder.File("repack.log"));
        Assert.Equal(0, await repack.WaitForExitAsync(Patience));
        return newer;
    }

    /// <summary>As an administrator edits the file that came with the package.</summary>
    private (int Port, string Settings) Configure(SentinelDeployment deployment)
    {
        int port = FreePorts.Take();
        var comments = new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip };
        JsonNode settings = JsonNode.Parse(File.ReadAllText(_debian.File(Settings)), documentOptions: comments)!;
        settings["listeners"]![0]!["bind"] = $"127.0.0.1:{port}";
        settings["listeners"]![0]!["master"] = deployment.MasterName;
        settings["sentinel"]!["endpoints"] = new JsonArray([.. deployment.SentinelEndpoints.Select(one => JsonValue.Create(one))]);
        settings["admin"]!["bind"] = $"127.0.0.1:{FreePorts.Take()}";
        File.WriteAllText(_debian.File(Settings), settings.ToJsonString());
        return (port, settings.ToJsonString());
    }

    /// <summary>A client after the other, each with a connection of its own.</summary>
    private static async Task<(int Served, int Refused)> ConnectAgainAndAgainAsync(int port, CancellationToken stop)
    {
        int served = 0;
        int refused = 0;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                using RawClient client = await RawClient.ConnectAsync(port);
                bool isServed = (await client.CallAsync("PING")).Text == "PONG";
                served += isServed ? 1 : 0;
                refused += isServed ? 0 : 1;
            }
            catch (Exception failure) when (failure is SocketException or EndOfStreamException or TimeoutException)
            {
                refused++;
            }
        }

        return (served, refused);
    }
}
