using System.Text.Json;

using RedisProxy.Configuration;
using RedisProxy.Notify;
using RedisProxy.Testing;
using RedisProxy.Tests.Topology;
using RedisProxy.Topology;

using static RedisProxy.Tests.Notify.FakeSource;

namespace RedisProxy.Tests.Notify;

/// <summary>Real programs, run as for a real message.</summary>
public sealed class CommandSenderTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static readonly Notification Finished = new()
    {
        Id = "abc-1",
        Event = NotifyEvent.FailoverFinished,
        At = DateTimeOffset.UnixEpoch,
        Master = "m",
        Address = Announced(B),
        Text = "a failover",
        Failover = new FailoverReport(
            Record(FailoverKind.Planned, A, B, DateTimeOffset.UnixEpoch, TimeSpan.FromSeconds(1)), Announced(A), Announced(B)),
    };

    private readonly TemporaryFolder _folder = new("command");
    private readonly RecordingLog _log = new();

    public void Dispose() => _folder.Dispose();

    [UnixFact]
    public async Task Command_GetsExactlySentinelsArgumentsAndTheMessageOnItsInput()
    {
        Attempt attempt = await RunAsync(
            """printf '%s\n' "$#" "$@" > "$(dirname "$0")/arguments"; cat > "$(dirname "$0")/input"; echo done; echo more""",
            args: ["--first", "a b; $(false) *", ""]);

        Assert.Equal((AttemptEnd.Done, "exit code 0"), (attempt.End, attempt.Detail));
        Assert.Equal(
            ["10", "--first", "a b; $(false) *", "", "m", "leader", "start", "redis-1", "6379", "redis-2", "6379"],
            await File.ReadAllLinesAsync(_folder.File("arguments")));
        using JsonDocument input = JsonDocument.Parse(await File.ReadAllTextAsync(_folder.File("input")));
        Assert.Equal("abc-1", input.RootElement.GetProperty("id").GetString());
        Assert.Equal(
            "Receiver 'script': the command for failover_finished ended: exit code 0; output: done", Assert.Single(_log.Lines).Text);
    }

    [Theory]
    [InlineData("exit 1", "Failed", "exit code 1")]
    [InlineData("exit 2", "Refused", "exit code 2")]
    [InlineData("exit 77", "Refused", "exit code 77")]
    [InlineData("kill -9 $$", "Failed", "ended by signal 9")]
    public async Task ExitCode_MeansWhatItDoesToSentinel(string script, string end, string detail)
    {
        Attempt attempt = await RunAsync($"echo to the error stream >&2; {script}");
        Assert.Equal((end, detail), (attempt.End.ToString(), attempt.Detail));
        Assert.EndsWith("output: to the error stream", Assert.Single(_log.Lines).Text, StringComparison.Ordinal);
    }

    [UnixFact]
    public async Task Command_ThatTakesTooLong_IsKilledByItsIdAndTriedAgain()
    {
        Attempt attempt = await RunAsync("""echo $$ > "$(dirname "$0")/id"; exec sleep 600""", timeout: TimeSpan.FromMilliseconds(500));
        Assert.Equal((AttemptEnd.Failed, "killed after 500ms"), (attempt.End, attempt.Detail));
        Assert.False(Directory.Exists($"/proc/{(await File.ReadAllTextAsync(_folder.File("id"))).Trim()}"));
    }

    [UnixFact]
    public async Task Command_ThatLeavesSomethingBehind_IsNotWaitedFor()
    {
        // It holds the output open.
        Attempt attempt = await RunAsync("""sleep 600 & echo $! > "$(dirname "$0")/id"; echo left""");
        int id = int.Parse((await File.ReadAllTextAsync(_folder.File("id"))).Trim(), System.Globalization.CultureInfo.InvariantCulture);
        using (var left = System.Diagnostics.Process.GetProcessById(id))
        {
            Assert.False(left.HasExited);
            left.Kill();
        }

        Assert.Equal(AttemptEnd.Done, attempt.End);
        Assert.EndsWith("output: left", Assert.Single(_log.Lines).Text, StringComparison.Ordinal);
    }

    [UnixFact]
    public async Task Command_ThatSaysMuchAndReadsNothing_IsNotHeldUp()
    {
        Attempt attempt = await RunAsync("head -c 3000000 /dev/zero | tr '\\0' 'x'; exec 0<&-; exit 0");
        Assert.Equal(AttemptEnd.Done, attempt.End);
        Assert.Matches("output: x{200}$", Assert.Single(_log.Lines).Text);
    }

    [UnixFact]
    public async Task Command_SeesNothingOfTheProxysOwnConfiguration()
    {
        const string Secret = "REDISPROXY_backend__password";
        Environment.SetEnvironmentVariable(Secret, "canary");
        try
        {
            await RunAsync("""env > "$(dirname "$0")/env" """);
        }
        finally
        {
            Environment.SetEnvironmentVariable(Secret, null);
        }

        string seen = await File.ReadAllTextAsync(_folder.File("env"));
        Assert.Contains("PATH=", seen, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", seen, StringComparison.Ordinal);
    }

    [UnixFact]
    public async Task Program_ThatIsGone_IsNotTriedAgain()
    {
        var sender = new CommandSender(new NotifyCommandOptions { Path = _folder.File("none") }, "script", TimeProvider.System, _log);
        Attempt attempt = await TryAsync(sender);
        Assert.Equal(AttemptEnd.Refused, attempt.End);
        Assert.StartsWith("could not be started: ", attempt.Detail, StringComparison.Ordinal);
    }

    [UnixFact]
    public async Task Stop_EndsTheCommand()
    {
        CommandSender sender = Make("""echo $$ > "$(dirname "$0")/id"; exec sleep 600""");
        using var stop = new CancellationTokenSource();
        Task<Attempt> attempt = TryAsync(sender, stop.Token);
        string id = "";
        await RedisProxy.Testing.Eventually.Within(
            Patience, async () => (id = (await File.ReadAllTextAsync(_folder.File("id"))).Trim()).Length > 0, "it runs");
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => attempt.WaitAsync(Patience, TimeProvider.System));
        Assert.False(Directory.Exists($"/proc/{id}"));
    }

    [UnixFact]
    public void Arguments_OfOtherEvents_NameTheEventAndTheMasterOfNow()
    {
        Notification down = Finished with { Event = NotifyEvent.MasterDown, Failover = null };
        Assert.Equal(
            ["m", "observer", "master_down", "redis-2", "6379", "redis-2", "6379"],
            CommandSender.ArgumentsOf(down, CommandRole.Observer));
        Assert.Equal(
            ["", "leader", "sentinels_lost", "", "0", "", "0"],
            CommandSender.ArgumentsOf(
                down with { Event = NotifyEvent.SentinelsLost, Master = null, Address = null }, CommandRole.Leader));
    }

    private Task<Attempt> RunAsync(string script, string[]? args = null, TimeSpan? timeout = null) =>
        TryAsync(Make(script, args, timeout));

    private static Task<Attempt> TryAsync(CommandSender sender, CancellationToken stop = default) => sender
        .TryAsync(new Message(Finished, NotificationJson.Write(Finished, DroppedCounts.Nothing)), 1, stop)
        .WaitAsync(Patience, TimeProvider.System, CancellationToken.None);

    private CommandSender Make(string script, string[]? args = null, TimeSpan? timeout = null)
    {
        string path = _folder.File("script");
        ScriptFile.Write(path, script);
        var options = new NotifyCommandOptions { Path = path, Args = args ?? [], Timeout = timeout ?? Patience };
        return new CommandSender(options, "script", TimeProvider.System, _log);
    }
}
