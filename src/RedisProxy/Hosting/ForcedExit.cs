using System.Runtime.InteropServices;

using Microsoft.Extensions.Logging;

namespace RedisProxy.Hosting;

/// <summary>
/// The first SIGTERM or SIGINT stops the proxy in order, which others see to. Who sends another one does not want to wait: the process
/// ends at once, and the kernel closes what is open. To be made when the others have registered for these signals: handlers run one after
/// the other, the last one first, and that of the command line waits for the orderly end.
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
            HostingLog.EndedAtOnce(_log);

            // Writes what is in its queue.
            _loggers.Dispose();
            Environment.Exit(ExitCode.EndedAtOnce);
        }
    });
}
