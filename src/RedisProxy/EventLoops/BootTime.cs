namespace RedisProxy.EventLoops;

/// <summary>
/// The system's time, with timestamps that go on while the machine is suspended (CLOCK_BOOTTIME), so that nothing that was known before is
/// taken for new after it. Timers are those of the system, which do not count that time.
/// </summary>
internal sealed unsafe class BootTime : TimeProvider
{
    private const long NanosecondsPerSecond = 1_000_000_000;

    public override long TimestampFrequency => NanosecondsPerSecond;

    public override long GetTimestamp()
    {
        long* time = stackalloc long[2];
        return Libc.ReadClock(LibcConstants.ClockBootTime, time) == 0 ? (time[0] * NanosecondsPerSecond) + time[1] : 0;
    }
}
