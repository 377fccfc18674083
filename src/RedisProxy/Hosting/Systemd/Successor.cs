using System.ComponentModel;
using System.Diagnostics;
using System.IO.Pipes;

using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace RedisProxy.Hosting;

/// <summary>
/// An upgrade within one systemd unit. systemd follows only processes that it has started, or that the main process names to it; so this
/// process starts the program that was installed in its place, with its own arguments and <c>--take-over</c>, waits until that one is up,
/// names it, and stops as on SIGTERM: clients and sessions go on there.
/// <para>
/// Only under systemd: elsewhere, in a container above all, the end of the first process would be the end of everything.
/// </para>
/// </summary>
internal sealed class Successor(SystemdNotifier systemd, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<Successor> log)
{
    /// <summary>In the environment of the new process: where it writes a byte once it is up, instead of telling systemd.</summary>
    private const string PipeVariable = "TAKEOVER_READY_FD";

    private const string TakeOver = "--take-over";

    // For the start alone: the sessions come later.
    private static readonly TimeSpan UpWithin = TimeSpan.FromSeconds(30);

    // Asked before anything is installed in its place: the answer is that of the moment of the first question.
    private readonly string? _program = Environment.ProcessPath;

    /// <summary>
    /// The file of this program has been replaced, as package managers do it: the old one has no name any more. An update of .NET alone,
    /// where this is portable code that <c>dotnet</c> runs, does not count.
    /// </summary>
    public bool IsDue => systemd.IsHeard && OperatingSystem.IsLinux() && File.Exists(_program)
        && !Path.GetFileName(_program.AsSpan()).SequenceEqual("dotnet")
        && new FileInfo("/proc/self/exe").LinkTarget is { } own && own.EndsWith(" (deleted)", StringComparison.Ordinal);

    /// <summary>Reports that this process is up to the one that has started it.</summary>
    /// <returns>False: none has, or not for this.</returns>
    public static bool TryReport()
    {
        if (Environment.GetEnvironmentVariable(PipeVariable) is not { Length: > 0 } handle)
        {
            return false;
        }

        Environment.SetEnvironmentVariable(PipeVariable, null);
        try
        {
            using var pipe = new AnonymousPipeClientStream(PipeDirection.Out, handle);
            pipe.WriteByte(1);
        }
        catch (IOException)
        {
            // It has died, and systemd starts the service again.
        }

        return true;
    }

    /// <summary>Whatever happens to the new process before it is up, this one goes on.</summary>
    public async Task StartAsync()
    {
        HostingLog.SuccessorStarting(log, _program!);
        using var pipe = new AnonymousPipeServerStream(PipeDirection.In, HandleInheritability.Inheritable);
        using Process? process = TryStart(pipe, out string problem);
        if (process is null)
        {
            HostingLog.SuccessorFailed(log, _program!, problem);
            return;
        }

        using var limit = new CancellationTokenSource(UpWithin, time);
        using CancellationTokenRegistration late = limit.Token.UnsafeRegister(static started => ((Process)started!).Kill(), process);
        if (await pipe.ReadAsync(new byte[1]) == 0)
        {
            await process.WaitForExitAsync();
            problem = limit.IsCancellationRequested
                ? $"it was not up within {UpWithin.TotalSeconds} s"
                : $"it ended with exit code {process.ExitCode}";
            HostingLog.SuccessorFailed(log, _program!, problem);
            return;
        }

        HostingLog.SuccessorReady(log, process.Id);
        systemd.HandOver(process.Id);
        lifetime.StopApplication();
    }

    private Process? TryStart(AnonymousPipeServerStream pipe, out string problem)
    {
        problem = "";
        string[] arguments = [.. Environment.GetCommandLineArgs().Skip(1)];
        var start = new ProcessStartInfo(_program!, arguments.Contains(TakeOver) ? arguments : [.. arguments, TakeOver]);
        start.Environment[PipeVariable] = pipe.GetClientHandleAsString();

        // The watchdog applies to it from now on.
        start.Environment.Remove("WATCHDOG_PID");
        try
        {
            return Process.Start(start);
        }
        catch (Win32Exception failure)
        {
            problem = failure.Message;
            return null;
        }
        finally
        {
            // Otherwise the pipe would not end with the process.
            pipe.DisposeLocalCopyOfClientHandle();
        }
    }
}
