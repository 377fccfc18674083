using System.Diagnostics;

namespace RedisProxy.EventLoops;

/// <summary>
/// The system's time. On Linux its timestamps keep running while the machine is suspended (CLOCK_BOOTTIME), so that knowledge from before
/// a suspend does not look fresh after it; elsewhere they are the framework's. Timers are the system's, which do not count that time.
/// </summary>
internal sealed unsafe class BootTime : TimeProvider
{
    private const long NanosecondsPerSecond = 1_000_000_000;

    public override long TimestampFrequency => NanosecondsPerSecond;

    public override long GetTimestamp()
    {
        if (!OperatingSystem.IsLinux())
        {
            return (long)(Stopwatch.GetTimestamp() * ((double)NanosecondsPerSecond / Stopwatch.Frequency));
        }

        long* time = stackalloc long[2];
        return Libc.ReadClock(LibcConstants.ClockBootTime, time) == 0 ? (time[0] * NanosecondsPerSecond) + time[1] : 0;
    }
}
