using RedisProxy.Hosting;
using RedisProxy.Tests.Configuration;

namespace RedisProxy.ProcessTests.CommandLine;

/// <summary>The real program, as a supervisor sees it: exit codes and the two streams.</summary>
public sealed class ProcessTests
{
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
}
