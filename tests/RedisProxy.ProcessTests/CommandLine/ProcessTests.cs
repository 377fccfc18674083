using RedisProxy.CommandLine;
using RedisProxy.Hosting;
using RedisProxy.Testing;
using RedisProxy.Tests.Configuration;

namespace RedisProxy.ProcessTests.CommandLine;

/// <summary>The real program, as a supervisor sees it: exit codes and the two streams.</summary>
public sealed class ProcessTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Process_WithBadConfiguration_ExitsWith2()
    {
        using var directory = new ScratchDirectory();
        directory.Write("proxy.json", """{ "hodl": {} }""");

        (int exitCode, string output, string error) = await ProcessRun.OfAsync(directory.Path);

        Assert.Equal((ExitCode.BadConfiguration, ""), (exitCode, output));
        Assert.Contains("  hodl: unknown key; did you mean \"hold\"?", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Process_AskedForHelp_ExitsWith0()
    {
        using var directory = new ScratchDirectory();

        (int exitCode, string output, string error) = await ProcessRun.OfAsync(directory.Path, "--help");

        Assert.Equal((ExitCode.Ok, ""), (exitCode, error));
        Assert.Contains("RedisProxy --listen 6380 --backend 127.0.0.1:6379", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WatchedStatus_FollowsAProxyThatGoesAway_AndEndsWith0()
    {
        await using RedisServer server = await RedisServer.StartAsync();
        ProxyProcess proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(server));
        using var folder = new TemporaryFolder("watch");
        string output = folder.File("output");
        await using ChildProcess watch = await ChildProcess.StartAsync(
            "watch",
            "dotnet",
            ["exec", typeof(ProxyCommandLine).Assembly.Location, "status", "--watch", "--admin", proxy.Http.BaseAddress!.Authority],
            output);
        await EventuallyAsync(text => text.Split("\nlistener 'default' on ").Length > 2, "the status is shown twice");
        await proxy.DisposeAsync();
        await EventuallyAsync(text => text.Contains("No proxy answers at ", StringComparison.Ordinal), "it says that the proxy is gone");
        watch.Terminate();
        Assert.Equal(ExitCode.Ok, await watch.WaitForExitAsync(Patience));

        Task EventuallyAsync(Func<string, bool> isSo, string what) =>
            Eventually.Within(Patience, async () => isSo(await File.ReadAllTextAsync(output)), what);
    }
}
