using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Harness;

public sealed class ChildProcessTests : IDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Output_OfBothStreams_IsKeptAndWritten()
    {
        await using ChildProcess child = await StartAsync("echo one; echo two >&2; exit 3");

        Assert.Equal(3, await child.WaitForExitAsync(Soon));

        Assert.Equal(["one", "two"], child.LogTail.Split('\n').Order());
        Assert.Equal(["one", "two"], (await File.ReadAllLinesAsync(child.LogFile)).Order());
    }

    [Fact]
    public async Task Dispose_OfAFrozenChild_EndsIt()
    {
        ChildProcess child = await StartAsync("exec sleep 1000");
        await Eventually.Within(Soon, () => StateOf(child) == 'S', "the child sleeps");
        child.Freeze();
        await Eventually.Within(Soon, () => StateOf(child) == 'T', "the child is stopped");

        await child.DisposeAsync();

        Assert.False(Directory.Exists($"/proc/{child.Id}"));
    }

    [Fact]
    public async Task Terminate_OfAWillingChild_EndsItWithItsOwnCode()
    {
        await using ChildProcess child = await StartAsync("trap 'exit 7' TERM; echo ready; while :; do sleep 0.01; done");
        await Eventually.Within(Soon, () => child.LogTail == "ready", "the trap is set");

        child.Terminate();

        Assert.Equal(7, await child.WaitForExitAsync(Soon));
    }

    [Fact]
    public async Task WaitForExit_OfAChildThatRuns_SaysItsLastLines()
    {
        await using ChildProcess child = await StartAsync("echo still here; exec sleep 1000");
        await Eventually.Within(Soon, () => child.LogTail.Length > 0, "the line came");

        TimeoutException e = await Assert.ThrowsAsync<TimeoutException>(() => child.WaitForExitAsync(TimeSpan.FromMilliseconds(20)));

        Assert.Contains("still here", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CpuTimeAndMemory_OfABusyChild_AreSeen()
    {
        await using ChildProcess child = await StartAsync("while :; do :; done");

        await Eventually.Within(Soon, () => child.CpuTime > TimeSpan.FromMilliseconds(50), "it used the processor for 50 ms");

        Assert.InRange(child.MemoryBytes, 10_000, 100_000_000);
    }

    [Fact]
    public async Task Environment_WithANullValue_LacksTheVariable()
    {
        await using ChildProcess child = await ChildProcess.StartAsync(
            "sh",
            "/bin/sh",
            ["-c", "echo ${PATH:-none} $COLOUR"],
            _folder.File("log"),
            new Dictionary<string, string?> { ["PATH"] = null, ["COLOUR"] = "red" });
        await child.WaitForExitAsync(Soon);

        Assert.EndsWith(" red", child.LogTail, StringComparison.Ordinal);
        Assert.NotEqual($"{Environment.GetEnvironmentVariable("PATH")} red", child.LogTail);
    }

    private Task<ChildProcess> StartAsync(string script) =>
        ChildProcess.StartAsync("sh", "/bin/sh", ["-c", script], _folder.File("log"));

    // proc_pid_stat(5): pid (name) state …
    private static char StateOf(ChildProcess child) => File.ReadAllText($"/proc/{child.Id}/stat").Split(") ")[1][0];
}
