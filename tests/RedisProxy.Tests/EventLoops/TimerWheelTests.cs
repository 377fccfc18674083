using RedisProxy.EventLoops;

namespace RedisProxy.Tests.EventLoops;

public sealed class TimerWheelTests
{
    private readonly List<Exception> _errors = [];
    private readonly List<string> _fired = [];
    private readonly TimerWheel _wheel;

    public TimerWheelTests() => _wheel = new TimerWheel(0, _errors.Add);

    [Fact]
    public void Timer_FiresOnceWhenDueAndNeverEarly()
    {
        LoopTimer timer = Named("a");
        _wheel.Arm(timer, 100);
        _wheel.Advance(99);
        Assert.Empty(_fired);
        _wheel.Advance(100 + TimerWheel.TickMs);
        _wheel.Advance(10_000);
        Assert.Equal(["a"], _fired);
        Assert.False(timer.IsArmed);
    }

    [Fact]
    public void Timers_OfManyRoundsAhead_WaitForTheirRound()
    {
        const int Round = 1024 * TimerWheel.TickMs;
        _wheel.Arm(Named("near"), 40);
        _wheel.Arm(Named("far"), 40 + (3 * Round));
        _wheel.Advance(50 + (2 * Round));
        Assert.Equal(["near"], _fired);
        _wheel.Advance(50 + (3 * Round));
        Assert.Equal(["near", "far"], _fired);
    }

    [Fact]
    public void Disarmed_TimerDoesNotFire()
    {
        LoopTimer[] timers = [Named("a"), Named("b"), Named("c")];
        foreach (LoopTimer timer in timers)
        {
            _wheel.Arm(timer, 20);
        }

        _wheel.Disarm(timers[1]);
        _wheel.Disarm(timers[1]);
        _wheel.Advance(100);
        Assert.Equal(["a", "c"], _fired.Order());
        Assert.Equal(0, _wheel.Count);
    }

    [Fact]
    public void Arming_AnArmedTimer_MovesIt()
    {
        LoopTimer timer = Named("a");
        _wheel.Arm(timer, 20);
        _wheel.Arm(timer, 200);
        _wheel.Advance(100);
        Assert.Empty(_fired);
        _wheel.Advance(300);
        Assert.Equal(["a"], _fired);
    }

    [Fact]
    public void Callback_ThatArmsAndDisarmsOthers_IsSafe()
    {
        LoopTimer other = Named("other");
        LoopTimer again = Named("again");
        var first = new LoopTimer(
            _ =>
            {
                _fired.Add("first");
                _wheel.Disarm(other);
                _wheel.Arm(again, 0);
            },
            this);
        _wheel.Arm(other, 20);
        _wheel.Arm(first, 20);
        _wheel.Advance(40);
        _wheel.Advance(60);
        Assert.Equal(["first", "again"], _fired);
    }

    [Fact]
    public void Callback_ThatThrows_DoesNotStopTheOthers()
    {
        _wheel.Arm(new LoopTimer(static _ => throw new InvalidOperationException("boo"), this), 20);
        _wheel.Arm(Named("a"), 20);
        _wheel.Advance(100);
        Assert.Equal(["a"], _fired);
        Assert.Single(_errors);
    }

    [Fact]
    public void Timeout_IsTheTimeToTheNextTimer()
    {
        Assert.Equal(-1, _wheel.TimeoutMs(0));
        _wheel.Arm(Named("a"), 1000);
        Assert.InRange(_wheel.TimeoutMs(0), 1000, 1000 + TimerWheel.TickMs);
        Assert.InRange(_wheel.TimeoutMs(900), 100, 100 + TimerWheel.TickMs);
        Assert.Equal(0, _wheel.TimeoutMs(5000));
    }

    [Fact]
    public void RandomTimers_FireInTheirTickInAnyOrderOfAdvances()
    {
        const int Seed = 4711;
        var random = new Random(Seed);
        var due = new Dictionary<int, long>();
        var firedAt = new Dictionary<int, long>();
        long now = 0;
        for (int i = 0; i < 5000; i++)
        {
            int id = i;
            due[id] = now + random.Next(20_000);
            _wheel.Arm(new LoopTimer(_ => firedAt[id] = now, this), due[id]);
            if (random.Next(4) == 0)
            {
                now += random.Next(500);
                _wheel.Advance(now);
            }
        }

        while (_wheel.Count > 0)
        {
            int step = _wheel.TimeoutMs(now);
            now += step;
            _wheel.Advance(now);
        }

        Assert.Equal(due.Count, firedAt.Count);
        Assert.All(due, pair => Assert.True(firedAt[pair.Key] >= pair.Value, $"seed {Seed}: timer {pair.Key} fired early"));
    }

    private LoopTimer Named(string name) => new(state => _fired.Add((string)state), name);
}
