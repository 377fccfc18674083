using System.Net;
using System.Net.Sockets;

namespace RedisProxy.ProcessTests.Fuzz.Strangers;

/// <summary>Carries out a plan on a connection, and has every byte judged that it gets.</summary>
internal sealed class StrangerClient(StrangerPlan plan, ReplyJudge judge) : IDisposable
{
    // Longer than a busy machine takes for anything.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    // So long it looks what comes of bytes that may have no end.
    private static readonly TimeSpan Curiosity = TimeSpan.FromMilliseconds(20);

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly SemaphoreSlim _news = new(0);
    private volatile bool _hasLeft;
    private volatile bool _isOver;

    public ReplyJudge Judge => judge;

    public StrangerPlan Plan => plan;

    public async Task RunAsync(int port)
    {
        await _socket.ConnectAsync(IPAddress.Loopback, port);
        Task receiving = ReceiveAsync();
        await SendAsync();
        await LeaveAsync();
        await receiving;
    }

    public void Dispose()
    {
        _socket.Dispose();
        _news.Dispose();
    }

    private async Task SendAsync()
    {
        int end = plan.CutAt ?? plan.Bytes.Length;
        int pause = 0;
        int piece = 0;
        try
        {
            for (int at = 0; at < end && !_isOver;)
            {
                int stop = end;
                if (pause < plan.Pauses.Count)
                {
                    (int pauseAt, int replies) = plan.Pauses[pause];
                    if (pauseAt <= at)
                    {
                        await UntilAnsweredAsync(replies);
                        pause++;
                        continue;
                    }

                    stop = Math.Min(end, pauseAt);
                }

                int size = Math.Min(plan.Pieces[Math.Min(piece++, plan.Pieces.Count - 1)], stop - at);
                at += await _socket.SendAsync(plan.Bytes.AsMemory(at, size), SocketFlags.None);
            }
        }
        catch (SocketException)
        {
            // The receiving side sees the end.
        }
    }

    private async Task LeaveAsync()
    {
        if (plan.CutAt is not null)
        {
            await UntilAnsweredAsync(plan.RepliesBeforeCut);
            Disappear();
        }
        else if (plan.End == StrangerEnd.Anything)
        {
            await UntilAnsweredAsync(plan.Expected.Count);
            while (!_isOver && await _news.WaitAsync(Curiosity))
            {
            }

            Disappear();
        }
        else if (plan.HalfCloses)
        {
            try
            {
                _socket.Shutdown(SocketShutdown.Send);
            }
            catch (SocketException)
            {
                // The receiving side sees the end.
            }
        }
    }

    private void Disappear()
    {
        _hasLeft = true;
        if (plan.Resets)
        {
            _socket.LingerState = new LingerOption(true, 0);
        }

        _socket.Dispose();
    }

    private async Task UntilAnsweredAsync(int replies)
    {
        while (judge.Answered < replies && !_isOver)
        {
            await _news.WaitAsync();
        }
    }

    private async Task ReceiveAsync()
    {
        byte[] room = new byte[plan.ReadBytes];
        try
        {
            if (plan.ReadsAfter > TimeSpan.Zero)
            {
                await Task.Delay(plan.ReadsAfter, TimeProvider.System);
            }

            while (judge.Fault is null)
            {
                using var timeout = new CancellationTokenSource(Patience, TimeProvider.System);
                int received = await _socket.ReceiveAsync(room, SocketFlags.None, timeout.Token);
                if (received == 0)
                {
                    break;
                }

                judge.Take(room.AsSpan(0, received));
                _news.Release();
            }

            EndReceiving();
        }
        catch (OperationCanceledException) when (!_hasLeft)
        {
            judge.OnSilence();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            EndReceiving();
        }

        _isOver = true;
        _news.Release();
    }

    private void EndReceiving()
    {
        if (!_hasLeft)
        {
            judge.OnEnd();
        }
    }
}
