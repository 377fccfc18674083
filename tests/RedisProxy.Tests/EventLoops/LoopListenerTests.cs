using System.ComponentModel;
using System.Net;

using RedisProxy.EventLoops;
using RedisProxy.Testing;

namespace RedisProxy.Tests.EventLoops;

public sealed class LoopListenerTests
{
    private static readonly TcpSettings Settings = new(60, 10, 3, 30_000);

    private const int TooManyFiles = 24;
    private const int ConnectionAborted = 103;
    private const int InvalidArgument = 22;

    [Theory]
    [InlineData(103, AcceptErrorTier.Client)]
    [InlineData(71, AcceptErrorTier.Client)]
    [InlineData(1, AcceptErrorTier.Client)]
    [InlineData(24, AcceptErrorTier.Resources)]
    [InlineData(23, AcceptErrorTier.Resources)]
    [InlineData(12, AcceptErrorTier.Resources)]
    [InlineData(105, AcceptErrorTier.Resources)]
    [InlineData(9, AcceptErrorTier.Fatal)]
    [InlineData(22, AcceptErrorTier.Fatal)]
    [InlineData(88, AcceptErrorTier.Fatal)]
    public void AcceptErrors_AreTiered(int errno, object tier) => Assert.Equal(tier, AcceptErrors.TierOf(errno));

    [Fact]
    public async Task Listener_AcceptsWhoeverComesUntilItIsStopped()
    {
        await using var running = new RunningLoop();
        int fd = TestTransport.Current.Listen(new IPEndPoint(IPAddress.Loopback, 0), Settings);
        int port = TestTransport.Current.LocalAddress(fd)!.Port;
        int accepted = 0;
        (LoopListener listener, Task accepting) = await StartAsync(running, fd, connection =>
        {
            Interlocked.Increment(ref accepted);
            TestTransport.Current.Close(connection);
        });
        for (int i = 0; i < 100; i++)
        {
            using RawClient client = await RawClient.ConnectAsync(port);
            Assert.Equal("", (await client.ReadToEndAsync()).Rest);
        }

        Assert.Equal(100, accepted);
        await StopAsync(running, listener, accepting);
    }

    [Fact]
    public async Task Listener_ShortOfResources_BacksOffSaysSoOnceAndGoesOn()
    {
        await using var running = new RunningLoop();
        var results = new Queue<int>([-TooManyFiles, -TooManyFiles, -TooManyFiles, -ConnectionAborted, 77]);
        var accepted = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var shortages = new List<int>();
        int fd = TestTransport.Current.Listen(new IPEndPoint(IPAddress.Loopback, 0), Settings);
        using RawClient waiting = await RawClient.ConnectAsync(TestTransport.Current.LocalAddress(fd)!.Port);
        (LoopListener listener, Task accepting) = await StartAsync(
            running,
            fd,
            connection => accepted.TrySetResult(connection),
            () => results.TryDequeue(out int result) ? result : Kernel.WouldBlock,
            shortages.Add);
        long start = running.Loop.NowMs;
        Assert.Equal(77, await accepted.Task.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System));

        // 20 + 40 + 80 ms, each a little late.
        Assert.InRange(running.Loop.NowMs - start, 130, 5000);
        Assert.Equal([TooManyFiles], shortages);
        Assert.Equal((1, 3), (listener.ClientErrors, listener.ResourceErrors));
        await StopAsync(running, listener, accepting);
    }

    [Fact]
    public async Task Listener_WhoseSocketIsUnusable_FailsLoudly()
    {
        await using var running = new RunningLoop();
        int fd = TestTransport.Current.Listen(new IPEndPoint(IPAddress.Loopback, 0), Settings);
        using RawClient waiting = await RawClient.ConnectAsync(TestTransport.Current.LocalAddress(fd)!.Port);
        (LoopListener listener, Task accepting) = await StartAsync(running, fd, _ => { }, () => -InvalidArgument);
        Win32Exception failure = await Assert.ThrowsAsync<Win32Exception>(
            () => accepting.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System));
        Assert.StartsWith("accept failed", failure.Message, StringComparison.Ordinal);
        await StopAsync(running, listener, Task.CompletedTask);
    }

    [Fact]
    public async Task Listener_StoppedWhileItBacksOff_Ends()
    {
        await using var running = new RunningLoop();
        int fd = TestTransport.Current.Listen(new IPEndPoint(IPAddress.Loopback, 0), Settings);
        using RawClient waiting = await RawClient.ConnectAsync(TestTransport.Current.LocalAddress(fd)!.Port);
        (LoopListener listener, Task accepting) = await StartAsync(running, fd, _ => { }, () => -TooManyFiles);
        await Eventually.Within(TimeSpan.FromSeconds(10), () => listener.ResourceErrors >= 3, "it backs off for longer");
        await StopAsync(running, listener, accepting);
    }

    [Fact]
    public async Task Stop_AcceptsThoseWhoWaitInTheQueue()
    {
        await using var running = new RunningLoop();
        int fd = TestTransport.Current.Listen(new IPEndPoint(IPAddress.Loopback, 0), Settings);
        IPEndPoint address = TestTransport.Current.LocalAddress(fd)!;
        int accepted = 0;
        (LoopListener listener, Task accepting) = await StartAsync(running, fd, connection =>
        {
            accepted++;
            TestTransport.Current.Close(connection);
        });
        using var first = new System.Net.Sockets.TcpClient();
        using var second = new System.Net.Sockets.TcpClient();
        await running.Loop.InvokeAsync(() =>
        {
            // On the loop's thread, so that it has no turn between these.
            first.Connect(address);
            second.Connect(address);
            listener.Stop();
            return 0;
        });
        Assert.Equal(2, accepted);
        await accepting.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System);
    }

    private static async Task<(LoopListener Listener, Task Accepting)> StartAsync(
        RunningLoop running, int fd, Action<int> onAccepted, Func<int>? tryAccept = null, Action<int>? onShortage = null)
    {
        LoopListener? listener = null;
        Task accepting = await running.Loop.InvokeAsync(() =>
        {
            var socket = new LoopSocket(running.Loop, fd);
            Assert.True(socket.TryRegister(isConnected: false));
            listener = new LoopListener(socket, onAccepted, tryAccept) { OnResourceShortage = onShortage };
            return listener.RunAsync();
        });
        return (listener!, accepting);
    }

    private static async Task StopAsync(RunningLoop running, LoopListener listener, Task accepting)
    {
        await running.Loop.InvokeAsync(() =>
        {
            listener.Stop();
            return 0;
        });
        await accepting.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System);
    }
}
