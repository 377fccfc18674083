using System.Collections.Concurrent;

using RedisProxy.EventLoops;
using RedisProxy.Testing;

namespace RedisProxy.Tests.EventLoops;

/// <summary>A loop that runs for one test. Disposal ends it and checks that nothing threw on it, unless the test expected that.</summary>
internal sealed class RunningLoop : IAsyncDisposable
{
    private readonly ConcurrentQueue<Exception> _errors = new();

    /// <param name="transport">Null: that of this run.</param>
    public RunningLoop(SocketTransport? transport = null)
    {
        Transport = transport ?? TestTransport.Current;
        Loop = new EventLoop(0, TimeProvider.System, _errors.Enqueue, Transport.CreateKernel());
        Loop.Start();
    }

    public EventLoop Loop { get; }

    public SocketTransport Transport { get; }

    /// <summary>What callbacks threw. Taken out by the test that expected it.</summary>
    public ConcurrentQueue<Exception> Errors => _errors;

    /// <summary>Runs an async method on the loop, to its end.</summary>
    public async Task RunAsync(Func<Task> method)
    {
        Task running = await Loop.InvokeAsync(method);
        await running.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System);
    }

    /// <summary>The next connection of a listening socket, which is the test's.</summary>
    public async Task<int> AcceptAsync(int listening)
    {
        int accepted = Kernel.WouldBlock;
        await Eventually.Within(
            TimeSpan.FromSeconds(10),
            async () => (accepted = await Loop.InvokeAsync(() => Loop.Kernel.Accept(listening))) != Kernel.WouldBlock,
            "a client has connected");
        return accepted;
    }

    public async ValueTask DisposeAsync()
    {
        Loop.Stop();
        await Loop.Completion.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System);
        Loop.Dispose();
        Assert.Empty(_errors);
    }
}
