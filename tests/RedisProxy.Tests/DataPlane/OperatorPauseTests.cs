using Microsoft.Extensions.Logging.Abstractions;

using RedisProxy.DataPlane;

namespace RedisProxy.Tests.DataPlane;

public sealed class OperatorPauseTests
{
    private readonly List<bool> _shown = [];

    [Fact]
    public void Pause_EndsByItselfAfterItsTime()
    {
        var time = new FakeTimeProvider();
        OperatorPause pause = Make(time);
        pause.Begin(TimeSpan.FromSeconds(3));
        time.Advance(TimeSpan.FromSeconds(2.9));
        Assert.True(pause.IsOn);
        time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.False(pause.IsOn);
        Assert.Equal([true, false], _shown);
    }

    [Fact]
    public void Pause_BegunAnew_HasTheWholeTime()
    {
        var time = new FakeTimeProvider();
        OperatorPause pause = Make(time);
        pause.Begin(TimeSpan.FromSeconds(3));
        time.Advance(TimeSpan.FromSeconds(2));
        pause.Begin(TimeSpan.FromSeconds(3));
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.True(pause.IsOn);
        pause.End();
        pause.End();
        Assert.Equal([true, true, false], _shown);
    }

    [Fact]
    public void TimerOfAnEarlierPause_ThatFiresLate_DoesNotEndThisOne()
    {
        var time = new LateTimers();
        OperatorPause pause = Make(time);
        pause.Begin(TimeSpan.FromSeconds(1));
        pause.Begin(TimeSpan.FromSeconds(60));
        time.Fire(0);
        Assert.True(pause.IsOn);
        time.Fire(1);
        Assert.False(pause.IsOn);

        // Nor does one that fires after the end.
        pause.Begin(TimeSpan.FromSeconds(60));
        time.Fire(1);
        Assert.True(pause.IsOn);
    }

    private OperatorPause Make(TimeProvider time) => new("test", time, reason => _shown.Add(reason is not null), NullLogger.Instance);

    /// <summary>Timers that fire when the test says so, although they were disposed: they had begun to.</summary>
    private sealed class LateTimers : TimeProvider
    {
        private readonly List<Action> _callbacks = [];

        public void Fire(int index) => _callbacks[index]();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _callbacks.Add(() => callback(state));
            return new Unstoppable();
        }

        private sealed class Unstoppable : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => default;
        }
    }
}
