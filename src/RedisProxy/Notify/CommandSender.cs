using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

using Microsoft.Extensions.Logging;

using RedisProxy.Configuration;

namespace RedisProxy.Notify;

/// <summary>
/// Runs a program for each message, with the arguments that Sentinel passes to its client-reconfig-script: <c>master-name role state
/// from-ip from-port to-ip to-port</c>. For a finished failover <c>state</c> is <c>start</c>: sentinel.conf documents <c>failover</c>,
/// but <c>start</c> is what Sentinel passes (sentinel.c, sentinelCallClientReconfScript; seen with 7.0.15), and therefore what scripts
/// expect. Its exit code is interpreted by Sentinel's rules, too. A process is killed by its own id; its children are left alone.
/// </summary>
internal sealed class CommandSender(NotifyCommandOptions options, string receiver, TimeProvider time, ILogger log) : ISender
{
    // From errno.h. No other attempt would succeed; Sentinel gives up, too, when it cannot execute a script.
    private const int NoSuchFile = 2;
    private const int NotExecutable = 8;
    private const int NotAllowed = 13;

    // Shells, and the runtime, report a signal n as 128 + n.
    private const int FirstSignalCode = 129;

    private static readonly TimeSpan MaxTimeForLastWords = TimeSpan.FromMilliseconds(200);

    public int MaxAttempts => options.MaxAttempts;

    public TimeSpan FirstPause { get; } = TimeSpan.FromSeconds(5);

    public TimeSpan MaxPause { get; } = TimeSpan.FromMinutes(1);

    public async Task<Attempt> TryAsync(Message message, int attempt, CancellationToken stop)
    {
        using var process = new Process { StartInfo = Describe(message.Notification) };
        try
        {
            process.Start();
        }
        catch (Win32Exception failure)
        {
            bool isForGood = failure.NativeErrorCode is NoSuchFile or NotExecutable or NotAllowed;
            return new Attempt(isForGood ? AttemptEnd.Refused : AttemptEnd.Failed, $"could not be started: {failure.Message}");
        }

        using var late = new CancellationTokenSource(options.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stop);
        using var silence = new CancellationTokenSource();
        var output = new FirstLine(process.StandardOutput.BaseStream, silence.Token);
        var errors = new FirstLine(process.StandardError.BaseStream, silence.Token);
        Task input = WriteAsync(process.StandardInput.BaseStream, message.Body, silence.Token);
        bool isLate = false;
        try
        {
            await process.WaitForExitAsync(either.Token);
        }
        catch (OperationCanceledException)
        {
            isLate = true;
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
        }

        // A child left behind may hold its output open for days.
        silence.CancelAfter(MaxTimeForLastWords);
        await Task.WhenAll(output.Reading, errors.Reading, input);
        stop.ThrowIfCancellationRequested();
        return Judge(message.Notification, process.ExitCode, isLate, output.Text.Length > 0 ? output.Text : errors.Text);
    }

    /// <summary>The seven arguments.</summary>
    public static IReadOnlyList<string> ArgumentsOf(Notification notification, CommandRole role)
    {
        HostEndpoint? from = notification.Failover?.Old ?? notification.Address;
        HostEndpoint? to = notification.Failover?.New ?? notification.Address;
        return
        [
            notification.Master ?? "",
            role == CommandRole.Leader ? "leader" : "observer",
            notification.Event == NotifyEvent.FailoverFinished ? "start" : NotifyEvents.NameOf(notification.Event),
            from?.Host ?? "",
            PortOf(from),
            to?.Host ?? "",
            PortOf(to),
        ];
    }

    private static string PortOf(HostEndpoint? endpoint) => (endpoint?.Port ?? 0).ToString(CultureInfo.InvariantCulture);

    private ProcessStartInfo Describe(Notification notification)
    {
        var description = new ProcessStartInfo(options.Path)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string argument in options.Args.Concat(ArgumentsOf(notification, options.Role)))
        {
            description.ArgumentList.Add(argument);
        }

        // The proxy's own configuration, with its passwords, and its own connection to systemd are private.
        foreach (string name in description.Environment.Keys.Where(IsOwn).ToArray())
        {
            description.Environment.Remove(name);
        }

        return description;
    }

    private static bool IsOwn(string variable) =>
        variable.StartsWith("REDISPROXY_", StringComparison.OrdinalIgnoreCase)
        || variable is "NOTIFY_SOCKET" or "WATCHDOG_USEC" or "WATCHDOG_PID";

    // A program need not read its input.
    private static async Task WriteAsync(Stream input, ReadOnlyMemory<byte> body, CancellationToken stop)
    {
        try
        {
            await using (input)
            {
                await input.WriteAsync(body, stop);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // It has ended, or does not read.
        }
    }

    private Attempt Judge(Notification notification, int exitCode, bool isLate, string firstLine)
    {
        (AttemptEnd end, string detail) = (isLate, exitCode) switch
        {
            (true, _) => (AttemptEnd.Failed, $"killed after {DurationText.Format(options.Timeout)}"),
            (_, 0) => (AttemptEnd.Done, "exit code 0"),
            (_, 1) => (AttemptEnd.Failed, "exit code 1"),
            (_, >= FirstSignalCode) => (AttemptEnd.Failed, FormattableString.Invariant($"ended by signal {exitCode - 128}")),
            _ => (AttemptEnd.Refused, FormattableString.Invariant($"exit code {exitCode}")),
        };
        LogLevel level = end == AttemptEnd.Done ? LogLevel.Information : LogLevel.Warning;
        string what = NotifyEvents.NameOf(notification.Event);
        NotifyLog.CommandEnded(log, level, receiver, what, detail, firstLine);
        return new Attempt(end, detail);
    }
}
