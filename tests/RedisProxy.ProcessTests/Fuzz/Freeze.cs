using System.Diagnostics;

using RedisProxy.EventLoops;

namespace RedisProxy.ProcessTests.Fuzz;

/// <summary>Holds up a loop, as if its thread were not run.</summary>
internal sealed class Freeze
{
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private Action _end = static () => { };

    /// <summary>
    /// When it stands still already, it does so again in its next turn: after it has looked at the clock and at what came, and before it
    /// does anything about it.
    /// </summary>
    /// <returns>Done when the loop stands still.</returns>
    public Task BeginAsync(EventLoop loop)
    {
        Action endBefore = _end;
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var end = new ManualResetEventSlim();
        _end = end.Set;
        loop.Post(
            _ =>
            {
                begun.SetResult();
                end.Wait();
            },
            null);
        endBefore();
        return begun.Task;
    }

    /// <summary>Not shorter than that in all.</summary>
    public Task LastAsync(TimeSpan time) =>
        Task.Delay(time > _clock.Elapsed ? time - _clock.Elapsed : TimeSpan.Zero, TimeProvider.System);

    public void End() => _end();
}
