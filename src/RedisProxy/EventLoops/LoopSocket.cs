using System.Diagnostics;
using System.Threading.Tasks.Sources;

namespace RedisProxy.EventLoops;

/// <summary>
/// A non-blocking socket on one loop. Readiness-based: wait until readable, rent a buffer, receive; so a waiting socket holds no
/// buffer. One reader and one writer may wait at a time. Nothing here throws because of a peer: a try returns a count or a negative
/// error number, <see cref="Kernel.WouldBlock"/> among them.
/// <para>
/// Readiness is edge-triggered and remembered: an event sets a flag, and "would block" clears it, as does a receive that got less than
/// it asked for, which on a stream means that there is no more (epoll(7), Q&amp;A 9) — unless the peer has shut down, because its end of
/// file raises no second event. Spurious wake-ups happen, so waiters always try and wait again.
/// </para>
/// <para>Closing wakes both waiters at the end of the iteration; their next call fails with <see cref="Errno.Canceled"/>.</para>
/// </summary>
internal sealed unsafe partial class LoopSocket : IValueTaskSource
{
    private const short ReaderToken = 0;
    private const short WriterToken = 1;

    private static uint _versions;

    private readonly EventLoop _loop;
    private Waiter _reader;
    private Waiter _writer;
    private int _fd;
    private SocketReadiness _readiness;
    private bool _isReaderParked;
    private FairnessBudget _share;

    /// <summary>Takes over an open, non-blocking descriptor. Register it with <see cref="TryRegister"/> before waiting.</summary>
    public LoopSocket(EventLoop loop, int fd)
    {
        _loop = loop;
        _fd = fd;
        Version = Interlocked.Increment(ref _versions);
    }

    public EventLoop Loop => _loop;

    public bool IsClosed => _fd < 0;

    /// <summary>The peer has shut down its side, or the connection is broken. There may still be bytes to receive.</summary>
    public bool IsPeerClosed => (_readiness & SocketReadiness.PeerClosed) != 0;

    /// <summary>A receive may return bytes. If false, the reader was woken for another reason.</summary>
    public bool IsReadable => (_readiness & SocketReadiness.Readable) != 0;

    internal uint Version { get; }

    internal int Descriptor => _fd;

    /// <summary>Starts delivering events. False: the kernel refused.</summary>
    /// <param name="isConnected">Writable at once, so a first send need not wait for an event.</param>
    public bool TryRegister(bool isConnected)
    {
        if (isConnected)
        {
            _readiness |= SocketReadiness.Writable;
        }

        return _loop.TryRegister(this, _fd);
    }

    public ValueTask WaitReadableAsync()
    {
        if ((_readiness & (SocketReadiness.Readable | SocketReadiness.Woken)) == 0)
        {
            return _reader.ArmAsync(this, ReaderToken);
        }

        _readiness &= ~SocketReadiness.Woken;
        return _share.TryTake(_loop.Iteration) ? default : YieldReaderAsync();
    }

    /// <summary>As <see cref="WaitReadableAsync"/>, for a reader that keeps its own state and needs no async method.</summary>
    /// <param name="resume">Runs once, with the state, when the wait is over.</param>
    /// <param name="state">The reader.</param>
    /// <returns>True: no need to wait, and the callback will not run.</returns>
    public bool IsReadableOr(Action<object?> resume, object state)
    {
        if ((_readiness & (SocketReadiness.Readable | SocketReadiness.Woken)) == 0)
        {
            _reader.Arm(resume, state);
            return false;
        }

        _readiness &= ~SocketReadiness.Woken;
        if (_share.TryTake(_loop.Iteration))
        {
            return true;
        }

        _reader.Arm(resume, state);
        ScheduleReader();
        return false;
    }

    /// <summary>
    /// Like <see cref="IsReadableOr"/>, but waits for <see cref="WakeReader"/> or for the peer to close, not for bytes, which stay in the
    /// kernel.
    /// </summary>
    public bool IsWokenOr(Action<object?> resume, object state)
    {
        if ((_readiness & SocketReadiness.Woken) != 0 || IsClosed)
        {
            _readiness &= ~SocketReadiness.Woken;
            return true;
        }

        _isReaderParked = true;
        _reader.Arm(resume, state);
        return false;
    }

    public ValueTask WaitWritableAsync() => (_readiness & SocketReadiness.Writable) != 0 ? default : _writer.ArmAsync(this, WriterToken);

    /// <summary>As <see cref="WaitWritableAsync"/>, in the style of <see cref="IsReadableOr"/>.</summary>
    public bool IsWritableOr(Action<object?> resume, object state)
    {
        if ((_readiness & SocketReadiness.Writable) != 0)
        {
            return true;
        }

        _writer.Arm(resume, state);
        return false;
    }

    /// <summary>Ends the reader's current or next wait although no bytes have arrived.</summary>
    public void WakeReader()
    {
        if (_reader.IsArmed)
        {
            ScheduleReader();
        }
        else
        {
            _readiness |= SocketReadiness.Woken;
        }
    }

    /// <summary>Ends the writer's wait although there may be no room, so that it checks what else has changed.</summary>
    public void WakeWriter()
    {
        if (_writer.IsArmed)
        {
            _writer.MarkScheduled();
            _loop.Defer(static self => ((LoopSocket)self!)._writer.Complete(), this);
        }
    }

    /// <returns>Bytes received, 0 when the peer has shut down, or a negative error number.</returns>
    public int TryReceive(byte* buffer, int length)
    {
        Debug.Assert(length > 0, "a receive into an empty buffer looks like an end of file");
        if (IsClosed)
        {
            return -Errno.Canceled;
        }

        if (_tls is not null)
        {
            return ReceivePlaintext(buffer, length);
        }

        int received = _loop.Kernel.Receive(_fd, buffer, length);
        if (received == Kernel.WouldBlock || (received > 0 && received < length && !IsPeerClosed))
        {
            _readiness &= ~SocketReadiness.Readable;
        }

        return received;
    }

    /// <returns>Bytes sent, possibly fewer than asked, or a negative error number.</returns>
    public int TrySend(byte* buffer, int length)
    {
        Debug.Assert(length > 0, "nothing to send");
        if (IsClosed)
        {
            return -Errno.Canceled;
        }

        int sent = _tls is null ? _loop.Kernel.Send(_fd, buffer, length) : _tls.Send(buffer, length);
        if (sent < length)
        {
            _readiness &= ~SocketReadiness.Writable;
        }

        return sent;
    }

    /// <summary>Time since the last bytes reached this machine, whether received from the socket or not; 0 if unknown.</summary>
    public int MsSinceReceived() => IsClosed ? 0 : _loop.Kernel.MsSinceReceived(_fd);

    /// <returns>The descriptor of the next connection on a listening socket, or a negative error number.</returns>
    public int TryAccept()
    {
        if (IsClosed)
        {
            return -Errno.Canceled;
        }

        int accepted = _loop.Kernel.Accept(_fd);
        if (accepted == Kernel.WouldBlock)
        {
            _readiness &= ~SocketReadiness.Readable;
        }

        return accepted;
    }

    /// <summary>The outcome of a connect once the socket is writable: 0, or a positive error number.</summary>
    public int TakeError() => IsClosed ? Errno.Canceled : IsPeerClosed ? _loop.Kernel.TakeError(_fd) : 0;

    /// <summary>Handles an event. Runs the waiters' continuations, so only from the top of the loop.</summary>
    internal void OnReady(SocketReadiness events)
    {
        if (_tls is not null)
        {
            events = _tls.OnReady(events);
            ContinueClosing(_tls);
        }

        _readiness |= events;
        if (_writer.IsArmed && (events & SocketReadiness.Writable) != 0)
        {
            _writer.Complete();
        }

        if (_reader.IsArmed && (_readiness & SocketReadiness.Readable) != 0 && (!_isReaderParked || IsPeerClosed))
        {
            _isReaderParked = false;
            _reader.Complete();
        }
    }

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => WaiterOf(token).Status;

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        WaiterOf(token).OnCompleted(continuation, state);

    void IValueTaskSource.GetResult(short token) => WaiterOf(token).Reset();

    private int ReceivePlaintext(byte* buffer, int length)
    {
        int received = _tls!.Receive(buffer, length);
        if (received < length && !_tls.IsReadable)
        {
            // Less than asked for: no plaintext is left on this side of the kernel either.
            _readiness &= ~SocketReadiness.Readable;
        }

        return received;
    }

    private ref Waiter WaiterOf(short token) => ref token == ReaderToken ? ref _reader : ref _writer;

    private ValueTask YieldReaderAsync()
    {
        ValueTask wait = _reader.ArmAsync(this, ReaderToken);
        ScheduleReader();
        return wait;
    }

    private void ScheduleReader()
    {
        _isReaderParked = false;
        _reader.MarkScheduled();
        _loop.Defer(static self => ((LoopSocket)self!)._reader.Complete(), this);
    }
}
