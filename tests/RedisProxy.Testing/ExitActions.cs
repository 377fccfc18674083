using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace RedisProxy.Testing;

/// <summary>
/// Cleans up what must not outlive this process: children and temporary folders. Each registers an action, which runs if the process ends
/// while the object still exists: normally, or by SIGINT, SIGTERM, SIGHUP or SIGQUIT. SIGKILL cannot be caught; see
/// <see cref="ChildProcess"/>. Newest first, so that a child dies before its folder is deleted.
/// </summary>
public static class ExitActions
{
    private static readonly ConcurrentDictionary<long, Action> Actions = new();
    private static readonly List<PosixSignalRegistration> Signals = [];
    private static long _last;
    private static bool _programHandlesSignals;

    static ExitActions()
    {
        AppDomain.CurrentDomain.ProcessExit += (_, _) => RunAll();
        foreach (PosixSignal signal in new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT })
        {
            // Not cancelled: afterwards the signal has its usual effect.
            Signals.Add(PosixSignalRegistration.Create(signal, _ => OnSignal()));
        }
    }

    /// <summary>The program handles signals by ending normally, and cleanup runs at exit. Otherwise it runs at once.</summary>
    public static void LeaveSignalsToTheProgram() => Volatile.Write(ref _programHandlesSignals, true);

    internal static Registration Add(Action action)
    {
        long id = Interlocked.Increment(ref _last);
        Actions[id] = action;
        return new Registration(id);
    }

    private static void OnSignal()
    {
        if (!Volatile.Read(ref _programHandlesSignals))
        {
            RunAll();
        }
    }

    private static void RunAll()
    {
        foreach (long id in Actions.Keys.OrderDescending())
        {
            if (Actions.TryRemove(id, out Action? action))
            {
                action();
            }
        }
    }

    /// <summary>Removes the action: the object was disposed.</summary>
    internal readonly record struct Registration(long Id) : IDisposable
    {
        public void Dispose() => Actions.TryRemove(Id, out _);
    }
}
