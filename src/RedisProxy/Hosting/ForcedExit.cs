using System.Runtime.InteropServices;

using Microsoft.Extensions.Logging;

namespace RedisProxy.Hosting;

/// <summary>
/// The first SIGTERM or SIGINT shuts the proxy down gracefully, through other handlers. A second one makes the process exit at once; the
/// kernel closes everything. Create it after the other handlers have been registered: handlers run one at a time, the last registered
/// first, and that of the command line waits for the shutdown.
/// </summary>
internal sealed class ForcedExit : IDisposable
{
    private readonly ILoggerFactory _loggers;
    private readonly ILogger _log;
    private readonly PosixSignalRegistration[] _registrations;
    private int _count;

    public ForcedExit(ILoggerFactory loggers)
    {
        _loggers = loggers;
        _log = loggers.CreateLogger<ForcedExit>();
        _registrations = [Register(PosixSignal.SIGTERM), Register(PosixSignal.SIGINT)];
    }

    public void Dispose() => Array.ForEach(_registrations, registration => registration.Dispose());

    private PosixSignalRegistration Register(PosixSignal signal) => PosixSignalRegistration.Create(signal, _ =>
    {
        if (Interlocked.Increment(ref _count) == 2)
        {
            // Disposing flushes the console's queue, but waits 1.5 s at most for the thread that writes it; what is logged afterwards
            // is written at once by this one.
            _loggers.Dispose();
            HostingLog.EndedAtOnce(_log);
            Environment.Exit(ExitCode.EndedAtOnce);
        }
    });
}
