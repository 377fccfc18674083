using System.Diagnostics;

using RedisProxy.CommandLine;
using RedisProxy.Tests.Configuration;

namespace RedisProxy.Tests.CommandLine;

/// <summary>The real program, as a supervisor sees it: exit codes and the two streams.</summary>
public sealed class ProcessTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Process_WithBadConfiguration_ExitsWith2()
    {
        using var directory = new ScratchDirectory();
        directory.Write("proxy.json", """{ "hodl": {} }""");

        (int exitCode, string output, string error) = await StartAsync(directory.Path);

        Assert.Equal((ExitCode.BadConfiguration, ""), (exitCode, output));
        Assert.Contains("  hodl: unknown key; did you mean \"hold\"?", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Process_AskedForHelp_ExitsWith0()
    {
        using var directory = new ScratchDirectory();

        (int exitCode, string output, string error) = await StartAsync(directory.Path, "--help");

        Assert.Equal((ExitCode.Ok, ""), (exitCode, error));
        Assert.Contains("RedisProxy --listen 6380 --backend 127.0.0.1:6379", output, StringComparison.Ordinal);
    }

    private static async Task<(int ExitCode, string Output, string Error)> StartAsync(string directory, params string[] args)
    {
        string program = typeof(ProxyCommandLine).Assembly.Location;
        var start = new ProcessStartInfo("dotnet", ["exec", program, .. args])
        {
            WorkingDirectory = directory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        using var deadline = new CancellationTokenSource(Patience);
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(deadline.Token);
            Task<string> error = process.StandardError.ReadToEndAsync(deadline.Token);
            await process.WaitForExitAsync(deadline.Token);
            return (process.ExitCode, await output, await error);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }
}
