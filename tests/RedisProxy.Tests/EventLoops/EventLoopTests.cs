using System.Runtime.Versioning;

using RedisProxy.EventLoops;

namespace RedisProxy.Tests.EventLoops;

public sealed class EventLoopTests
{
    [Fact]
    public async Task Posts_OfManyThreads_RunOnTheLoopEachInItsThreadsOrder()
    {
        await using var running = new RunningLoop();
        var seen = new List<(int Thread, int Number)>();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(thread => Task.Run(() =>
        {
            for (int i = 0; i < 10_000; i++)
            {
                running.Loop.Post(
                    state =>
                    {
                        Assert.True(running.Loop.IsCurrent);
                        seen.Add(((int, int))state!);
                    },
                    (thread, i));
            }
        })));
        int count = await running.Loop.InvokeAsync(() => seen.Count);
        Assert.Equal(40_000, count);
        Assert.All(
            seen.GroupBy(item => item.Thread),
            group => Assert.Equal(Enumerable.Range(0, 10_000), group.Select(item => item.Number)));
    }

    [LinuxFact]
    [SupportedOSPlatform("linux")]
    public async Task Thread_OfEpoll_DoesNotInterruptThoseWhoWakeIt()
    {
        await using var running = new RunningLoop(new EpollTransport());
        Assert.Equal(LibcConstants.SchedulingNormal, Libc.GetScheduling(0));
        Assert.Equal(LibcConstants.SchedulingBatch, await running.Loop.InvokeAsync(() => Libc.GetScheduling(0)));
    }

    [Fact]
    public async Task Post_ThatThrows_IsReportedAndTheLoopGoesOn()
    {
        await using var running = new RunningLoop();
        running.Loop.Post(static _ => throw new InvalidOperationException("boo"), null);
        Assert.Equal(1, await running.Loop.InvokeAsync(() => 1));
        Assert.True(running.Errors.TryDequeue(out Exception? error));
        Assert.Equal("boo", error.Message);
    }

    [Fact]
    public async Task Invoke_ThatThrows_FailsTheCallerOnly()
    {
        await using var running = new RunningLoop();
        await Assert.ThrowsAsync<InvalidOperationException>(
            () => running.Loop.InvokeAsync<int>(() => throw new InvalidOperationException()));
    }

    [Fact]
    public void RunOnce_OfALoopWithoutThread_RunsWhatIsDueOnTheCallersThread()
    {
        var clock = new FakeTimeProvider();
        using var loop = new EventLoop(0, clock, error => Assert.Fail(error.ToString()), TestTransport.Current.CreateKernel());
        var seen = new List<string>();
        void See(string what)
        {
            Assert.True(loop.IsCurrent);
            seen.Add(what);
        }

        loop.Post(
            _ =>
            {
                See("posted");
                loop.Timers.Arm(new LoopTimer(_ => See("timer"), loop), 40);
                loop.Defer(_ => See("deferred"), null);
            },
            null);
        loop.RunOnce();
        Assert.Equal(["posted", "deferred"], seen);
        clock.Advance(TimeSpan.FromMilliseconds(41));
        loop.RunOnce();
        Assert.Equal(["posted", "deferred", "timer"], seen);
        Assert.Equal(2, loop.Iteration);
        Assert.Null(SynchronizationContext.Current as LoopSynchronizationContext);
    }

    [Fact]
    public async Task AwaitOfAForeignTask_ComesBackToTheLoop()
    {
        await using var running = new RunningLoop();
        await running.RunAsync(async () =>
        {
            await Task.Run(() => Assert.False(running.Loop.IsCurrent));
            Assert.True(running.Loop.IsCurrent);
        });
    }

    [Fact]
    public async Task Timer_FiresOnTheLoopWhenNothingElseHappens()
    {
        await using var running = new RunningLoop();
        await running.RunAsync(async () =>
        {
            EventLoop loop = running.Loop;
            var signal = new LoopSignal(loop);
            long due = loop.NowMs + 30;
            loop.Timers.Arm(new LoopTimer(static state => ((LoopSignal)state).Set(), signal), due);
            await signal.WaitAsync();
            Assert.True(loop.NowMs >= due);
        });
    }

    [Fact]
    public async Task Signal_SetBeforeTheWait_EndsItAtOnceAndCountsOnce()
    {
        await using var running = new RunningLoop();
        await running.RunAsync(async () =>
        {
            var signal = new LoopSignal(running.Loop);
            signal.Set();
            signal.Set();
            Assert.True(signal.WaitAsync().AsTask().IsCompletedSuccessfully);
            Task second = signal.WaitAsync().AsTask();
            Assert.False(second.IsCompleted);
            signal.Set();
            await second;
        });
    }

    [Fact]
    public async Task Signal_DoesNotRunItsWaiterBeforeSetReturns()
    {
        await using var running = new RunningLoop();
        await running.RunAsync(async () =>
        {
            var signal = new LoopSignal(running.Loop);
            bool hasRun = false;
            async Task WaitAsync()
            {
                await signal.WaitAsync();
                hasRun = true;
            }

            Task waiting = WaitAsync();
            signal.Set();
            Assert.False(hasRun);
            await waiting;
            Assert.True(hasRun);
        });
    }

    [Fact]
    public async Task IdleLoop_TakesNoTurns()
    {
        await using var running = new RunningLoop();
        await running.Loop.InvokeAsync(() => 0);
        long before = running.Loop.Iteration;
        await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System);
        Assert.InRange(running.Loop.Iteration - before, 0, 1);
    }

    [Fact]
    public async Task Slabs_AreReusedAndCounted()
    {
        await using var running = new RunningLoop();
        await running.Loop.InvokeAsync(() =>
        {
            SlabPool pool = running.Loop.Slabs;
            Slab small = pool.Rent(large: false);
            Slab large = pool.Rent(large: true);
            Assert.Equal((SlabPool.SmallBytes, SlabPool.LargeBytes), (small.Capacity, large.Capacity));
            Assert.Equal(2, pool.InUse);
            small.End = 10;
            pool.Return(small);
            pool.Return(large);
            Assert.Same(small, pool.Rent(large: false));
            Assert.Equal(0, small.End);
            pool.Return(small);
            Assert.Equal(0, pool.InUse);
            return 0;
        });
    }
}
