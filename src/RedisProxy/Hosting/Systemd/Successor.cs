using System.ComponentModel;
using System.Diagnostics;
using System.IO.Pipes;

using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

using RedisProxy.DataPlane;

namespace RedisProxy.Hosting;

/// <summary>
/// An upgrade within one systemd unit. systemd follows only processes that it has started, or that the main process names to it; so this
/// process starts the program that was installed in its place, with its own arguments and <c>--take-over</c>, waits until that one serves,
/// names it, and stops as on SIGTERM: clients and sessions go on there.
/// <para>
/// Until that one has reported, it gets no sessions: it may hang, and would be killed with them.
/// </para>
/// <para>
/// Only under systemd: elsewhere, in a container above all, the end of the first process would be the end of everything.
/// </para>
/// </summary>
internal sealed class Successor(
    SystemdNotifier systemd, PortTakeover takeover, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<Successor> log)
{
    /// <summary>In the environment of the new process: where it writes a byte once it serves, instead of telling systemd.</summary>
    private const string PipeVariable = "TAKEOVER_READY_FD";

    private const string TakeOver = "--take-over";

    // For the start, and until it knows a master.
    private static readonly TimeSpan UpWithin = TimeSpan.FromSeconds(30);

    // Asked before anything is installed in its place: the answer is that of the moment of the first question.
    private readonly string? _program = Environment.ProcessPath;

    /// <summary>
    /// The file of this program has been replaced, as package managers do it: the old one has no name any more. An update of .NET alone,
    /// where this is portable code that <c>dotnet</c> runs, does not count.
    /// </summary>
    public bool IsDue => systemd.IsHeard && !lifetime.ApplicationStopping.IsCancellationRequested && OperatingSystem.IsLinux()
        && File.Exists(_program)
        && !Path.GetFileName(_program.AsSpan()).SequenceEqual("dotnet")
        && new FileInfo("/proc/self/exe").LinkTarget is { } own && own.EndsWith(" (deleted)", StringComparison.Ordinal);

    /// <summary>Another process has started this one to succeed it, and waits for <see cref="Report"/>.</summary>
    public static bool IsAwaited => Environment.GetEnvironmentVariable(PipeVariable) is { Length: > 0 };

    /// <summary>Reports that this process serves to the one that has started it. Once.</summary>
    public static void Report()
    {
        string handle = Environment.GetEnvironmentVariable(PipeVariable)!;
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
    }

    /// <summary>Whatever happens to the new process before it is up, this one goes on.</summary>
    public async Task StartAsync()
    {
        takeover.KeepsSessions = true;
        try
        {
            await RunAsync();
        }
        finally
        {
            takeover.KeepsSessions = false;
        }
    }

    private async Task RunAsync()
    {
        HostingLog.SuccessorStarting(log, _program!);
        using var pipe = new AnonymousPipeServerStream(PipeDirection.In, HandleInheritability.Inheritable);
        using Process? process = TryStart(pipe, out string problem);
        if (process is null)
        {
            HostingLog.SuccessorFailed(log, _program!, problem);
            return;
        }

        // A stop of the service is one of both.
        using var late = new CancellationTokenSource(UpWithin, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(late.Token, lifetime.ApplicationStopping);
        using CancellationTokenRegistration end = limit.Token.UnsafeRegister(static started => ((Process)started!).Kill(), process);
        bool isReported = await pipe.ReadAsync(new byte[1]) == 1;

        // From here on a stop is only this process's.
        await end.DisposeAsync();
        if (!isReported || limit.IsCancellationRequested)
        {
            await process.WaitForExitAsync();
            problem = late.IsCancellationRequested ? $"it did not serve within {UpWithin.TotalSeconds} s"
                : limit.IsCancellationRequested ? "this process is being stopped"
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
