namespace RedisProxy.Tests;

/// <summary>
/// Time that stands still until a test moves it. Its timestamps count at an odd frequency that divides nothing, so code that takes
/// timestamps for ticks fails, and so does code that expects elapsed times to be exact. Timers fire in the order of their due times,
/// on the thread that advances, each at its own moment.
/// </summary>
internal sealed class FakeTimeProvider : TimeProvider
{
    private const long OddFrequency = 3_579_545;

    private readonly Lock _gate = new();
    private readonly List<FakeTimer> _timers = [];
    private readonly DateTimeOffset _origin = new(2024, 2, 29, 23, 59, 58, TimeSpan.Zero);
    private TimeSpan _elapsed;
    private long _order;

    public override long TimestampFrequency => OddFrequency;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <summary>Since it was made.</summary>
    public TimeSpan Elapsed
    {
        get
        {
            lock (_gate)
            {
                return _elapsed;
            }
        }
    }

    public override DateTimeOffset GetUtcNow() => _origin + Elapsed;

    // Not zero at the start: code that takes zero for "never" must not get away with it.
    public override long GetTimestamp() => 1_000_003 + (long)((Int128)Elapsed.Ticks * OddFrequency / TimeSpan.TicksPerSecond);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new FakeTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    public void Advance(TimeSpan by)
    {
        TimeSpan target = Elapsed + by;
        while (TakeDue(target) is { } timer)
        {
            timer.Fire();
        }

        lock (_gate)
        {
            _elapsed = target;
        }
    }

    /// <summary>The next timer that is due by then; time stands at its moment.</summary>
    private FakeTimer? TakeDue(TimeSpan target)
    {
        lock (_gate)
        {
            FakeTimer? next = _timers.Where(timer => timer.Due <= target).MinBy(timer => (timer.Due, timer.Order));
            if (next is not null)
            {
                _elapsed = next.Due > _elapsed ? next.Due : _elapsed;
                Schedule(next, next.Period, next.Period);
            }

            return next;
        }
    }

    private void Schedule(FakeTimer timer, TimeSpan due, TimeSpan period)
    {
        _timers.Remove(timer);
        timer.Period = period;
        if (due != Timeout.InfiniteTimeSpan)
        {
            timer.Due = _elapsed + due;
            timer.Order = _order++;
            _timers.Add(timer);
        }
    }

    private sealed class FakeTimer(FakeTimeProvider clock, TimerCallback callback, object? state) : ITimer
    {
        private bool _isDisposed;

        public TimeSpan Due { get; set; }

        public TimeSpan Period { get; set; }

        public long Order { get; set; }

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._gate)
            {
                if (!_isDisposed)
                {
                    // A period of zero means once, as with the system's timers.
                    clock.Schedule(this, dueTime, period == TimeSpan.Zero ? Timeout.InfiniteTimeSpan : period);
                }

                return !_isDisposed;
            }
        }

        public void Dispose()
        {
            lock (clock._gate)
            {
                _isDisposed = true;
                clock._timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
