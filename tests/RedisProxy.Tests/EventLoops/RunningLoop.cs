using System.Collections.Concurrent;

using RedisProxy.EventLoops;

namespace RedisProxy.Tests.EventLoops;

/// <summary>A loop that runs for one test. Disposal ends it and checks that nothing threw on it, unless the test expected that.</summary>
internal sealed class RunningLoop : IAsyncDisposable
{
    private readonly ConcurrentQueue<Exception> _errors = new();

    public RunningLoop()
    {
        Loop = new EventLoop(0, TimeProvider.System, _errors.Enqueue);
        Loop.Start();
    }

    public EventLoop Loop { get; }

    /// <summary>What callbacks threw. Taken out by the test that expected it.</summary>
    public ConcurrentQueue<Exception> Errors => _errors;

    /// <summary>Runs an async method on the loop, to its end.</summary>
    public async Task RunAsync(Func<Task> method)
    {
        Task running = await Loop.InvokeAsync(method);
        await running.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System);
    }

    public async ValueTask DisposeAsync()
    {
        Loop.Stop();
        await Loop.Completion.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System);
        Loop.Dispose();
        Assert.Empty(_errors);
    }
}
