using System.ComponentModel;
using System.Diagnostics;

namespace RedisProxy.EventLoops;

/// <summary>
/// Accepts connections on one loop and hands each descriptor to its owner. Nothing else: it neither dials nor waits for the client.
/// Ends when stopped, or fails when its socket is unusable; errors of single clients and of scarce resources are counted and survived.
/// </summary>
internal sealed class LoopListener
{
    private const int MaxAcceptsPerIteration = 64;

    // A queue is no longer than its backlog; clients that connect faster than this accepts must not keep the listener from stopping.
    private const int MaxAcceptsAtStop = SocketTransport.Backlog;
    private const int MinBackoffMs = 20;
    private const int MaxBackoffMs = 1000;

    private readonly LoopSocket _socket;
    private readonly Func<int> _tryAccept;
    private readonly Action<int> _onAccepted;
    private readonly LoopSignal _backoffOver;
    private readonly LoopTimer _backoff;
    private int _backoffMs = MinBackoffMs;

    /// <param name="socket">Listening and registered on its loop.</param>
    /// <param name="onAccepted">Receives the non-blocking descriptor of a new connection, on the loop; must not throw.</param>
    /// <param name="tryAccept">Null: accepts from the socket. For tests of failures that a real socket cannot be made to produce.</param>
    public LoopListener(LoopSocket socket, Action<int> onAccepted, Func<int>? tryAccept = null)
    {
        _socket = socket;
        _tryAccept = tryAccept ?? socket.TryAccept;
        _onAccepted = onAccepted;
        _backoffOver = new LoopSignal(socket.Loop);
        _backoff = new LoopTimer(static signal => ((LoopSignal)signal).Set(), _backoffOver);
    }

    public long ClientErrors { get; private set; }

    public long ResourceErrors { get; private set; }

    /// <summary>Receives the error number of the first resource failure in a row.</summary>
    public Action<int>? OnResourceShortage { get; init; }

    /// <summary>
    /// Accepts the queued connections, then closes the socket: the kernel resets connections that were completed but not accepted. A
    /// handshake in progress is lost anyway, unless another socket listens there and net.ipv4.tcp_migrate_req is set (ip-sysctl).
    /// </summary>
    public void Stop()
    {
        for (int i = 0; i < MaxAcceptsAtStop && !_socket.IsClosed; i++)
        {
            int fd = _tryAccept();
            if (fd >= 0)
            {
                _onAccepted(fd);
            }
            else if (AcceptErrors.TierOf(-fd) != AcceptErrorTier.Client)
            {
                break;
            }
        }

        _socket.Close();
        _socket.Loop.Timers.Disarm(_backoff);
        _backoffOver.Set();
    }

    /// <exception cref="Win32Exception">The socket is unusable.</exception>
    public async Task RunAsync()
    {
        Debug.Assert(_socket.Loop.IsCurrent, "a listener belongs to its loop");
        while (!_socket.IsClosed)
        {
            await _socket.WaitReadableAsync();
            int error = AcceptBurst();
            if (error == 0 || _socket.IsClosed)
            {
                continue;
            }

            switch (AcceptErrors.TierOf(error))
            {
                case AcceptErrorTier.Client:
                    ClientErrors++;
                    break;
                case AcceptErrorTier.Resources:
                    await BackOffAsync(error);
                    break;
                default:
                    throw new Win32Exception(error, $"accept failed: {Errno.Describe(error)}");
            }
        }
    }

    /// <returns>0 when the queue is empty or this iteration's limit is reached; otherwise the error number.</returns>
    private int AcceptBurst()
    {
        for (int i = 0; i < MaxAcceptsPerIteration; i++)
        {
            int fd = _tryAccept();
            if (fd < 0)
            {
                return fd == Kernel.WouldBlock ? 0 : -fd;
            }

            _backoffMs = MinBackoffMs;
            _onAccepted(fd);
        }

        return 0;
    }

    private async Task BackOffAsync(int error)
    {
        ResourceErrors++;
        if (_backoffMs == MinBackoffMs)
        {
            OnResourceShortage?.Invoke(error);
        }

        EventLoop loop = _socket.Loop;
        loop.Timers.Arm(_backoff, loop.NowMs + _backoffMs);
        _backoffMs = Math.Min(_backoffMs * 2, MaxBackoffMs);
        await _backoffOver.WaitAsync();
    }
}
