using System.ComponentModel;
using System.Globalization;
using System.Runtime.InteropServices;

namespace RedisProxy.Testing;

/// <summary>Signals to, and the kernel's data about, another process. Linux.</summary>
internal static partial class NativeProcess
{
    public const int SigHup = 1;
    public const int SigKill = 9;
    public const int SigTerm = 15;
    public const int SigCont = 18;
    public const int SigStop = 19;

    private const int NoSuchProcess = 3;

    /// <summary>False: the process is gone.</summary>
    public static bool Signal(int pid, int signal)
    {
        // 0 and negative numbers mean groups of processes, or all of them.
        ArgumentOutOfRangeException.ThrowIfLessThan(pid, 2);
        if (Kill(pid, signal) == 0)
        {
            return true;
        }

        int error = Marshal.GetLastPInvokeError();
        return error == NoSuchProcess ? false : throw new Win32Exception(error);
    }

    /// <summary>
    /// CPU time, user and system, of all present and past threads. In nanoseconds, where <c>/proc/…/stat</c> has ticks of 10 ms.
    /// </summary>
    public static TimeSpan CpuTime(int pid)
    {
        int error = ClockGetCpuClockId(pid, out int clock);
        if (error != 0)
        {
            throw new Win32Exception(error);
        }

        return ClockGetTime(clock, out TimeSpec time) == 0
            ? new TimeSpan((time.Seconds * TimeSpan.TicksPerSecond) + (time.Nanoseconds / TimeSpan.NanosecondsPerTick))
            : throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    /// <summary>
    /// Memory cost of this process: its proportional share of each page (<c>Pss</c>, proc_pid_smaps(5)); if unavailable, resident memory.
    /// </summary>
    public static long MemoryBytes(int pid)
    {
        try
        {
            foreach (string line in File.ReadLines($"/proc/{pid}/smaps_rollup"))
            {
                if (line.StartsWith("Pss:", StringComparison.Ordinal))
                {
                    return 1024 * long.Parse(line.AsSpan(4).TrimEnd("kB ").Trim(), NumberStyles.None, CultureInfo.InvariantCulture);
                }
            }
        }
        catch (UnauthorizedAccessException)
        {
            // Some kernels restrict it to root.
        }

        string[] pages = File.ReadAllText($"/proc/{pid}/statm").Split(' ');
        return Environment.SystemPageSize * long.Parse(pages[1], CultureInfo.InvariantCulture);
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int pid, int signal);

    // Returns the error, does not set errno.
    [LibraryImport("libc", EntryPoint = "clock_getcpuclockid")]
    private static partial int ClockGetCpuClockId(int pid, out int clock);

    [LibraryImport("libc", EntryPoint = "clock_gettime", SetLastError = true)]
    private static partial int ClockGetTime(int clock, out TimeSpec time);

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public nint Seconds;
        public nint Nanoseconds;
    }
}
