using System.Diagnostics;

using RedisProxy.CommandLine;

namespace RedisProxy.ProcessTests.CommandLine;

/// <summary>The real program, run until it ends by itself.</summary>
internal static class ProcessRun
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static async Task<(int ExitCode, string Output, string Error)> OfAsync(string directory, params string[] args)
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
