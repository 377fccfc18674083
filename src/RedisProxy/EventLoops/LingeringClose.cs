
namespace RedisProxy.EventLoops;

/// <summary>
/// Closes a client's socket after FIN was sent to it. Closing with unread input would send RST, which can overtake the last replies on
/// their way to the client; so for a short time, further input is read and discarded until the client closes too.
/// </summary>
internal static class LingeringClose
{
    private const int MaxMs = 1000;
    private const int MaxBytes = 1024 * 1024;

    /// <param name="socket">The client's.</param>
    /// <param name="isInputEnded">Everything from the client has been read, including its FIN: no need to wait.</param>
    public static async Task RunAsync(LoopSocket socket, bool isInputEnded = false)
    {
        if (isInputEnded || socket.IsClosed)
        {
            socket.Close();
            return;
        }

        EventLoop loop = socket.Loop;
        var deadline = new LoopTimer(static socket => ((LoopSocket)socket).Close(), socket);
        loop.Timers.Arm(deadline, loop.NowMs + MaxMs);
        int left = MaxBytes;
        while (left > 0)
        {
            int drained = Drain(socket);
            if (drained == 0)
            {
                await socket.WaitReadableAsync();
            }
            else if (drained < 0)
            {
                break;
            }

            left -= drained;
        }

        loop.Timers.Disarm(deadline);
        socket.Close();
    }

    /// <returns>Bytes discarded, 0 if there are none now, -1 if the client has closed.</returns>
    private static unsafe int Drain(LoopSocket socket)
    {
        Slab slab = socket.Loop.Slabs.Rent(large: false);
        int received = socket.TryReceive(slab.Memory, slab.Capacity);
        socket.Loop.Slabs.Return(slab);
        return received > 0 ? received : received == Kernel.WouldBlock ? 0 : -1;
    }
}
