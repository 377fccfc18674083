namespace RedisProxy.EventLoops;

/// <summary>The part that closes a socket. With TLS, a close_notify goes first, so that the peer can rule out a truncation.</summary>
internal sealed partial class LoopSocket
{
    /// <summary>How long ciphertext that the kernel has no room for keeps a closed descriptor open.</summary>
    private const int MaxFlushMs = 5000;

    /// <summary>Sends FIN after pending output; receiving continues.</summary>
    public void ShutdownWrite()
    {
        if (IsClosed)
        {
            return;
        }

        if (_tls is not null)
        {
            _tls.SendCloseNotify();
            _tls.IsShutdownDue = _tls.HasUnsent;
        }

        if (_tls is not { IsShutdownDue: true })
        {
            _loop.Kernel.ShutdownWrite(_fd);
        }
    }

    /// <summary>Orderly: FIN after pending output. The kernel sends RST instead if received bytes were left unread.</summary>
    public void Close() => Release(abort: false);

    /// <summary>Immediate, with RST; unsent output is discarded.</summary>
    public void Abort() => Release(abort: true);

    private void Release(bool abort)
    {
        if (IsClosed)
        {
            return;
        }

        int fd = _fd;
        _fd = -1;
        _readiness |= SocketReadiness.Readable | SocketReadiness.Writable | SocketReadiness.PeerClosed;
        if (_tls is null || abort || !IsFlushedLater(_tls))
        {
            EndDescriptor(fd, abort);
        }

        if (_reader.IsArmed)
        {
            ScheduleReader();
        }

        WakeWriter();
    }

    private void EndDescriptor(int fd, bool abort)
    {
        _tls?.Dispose();
        _loop.Close(fd, abort);
    }

    /// <summary>After a close, the kernel still sends the output it holds; output it has not taken yet must not be lost either.</summary>
    private bool IsFlushedLater(TlsLayer tls)
    {
        tls.SendCloseNotify();
        if (tls.HasUnsent)
        {
            tls.FlushDeadline = new LoopTimer(static socket => ((LoopSocket)socket).EndFlush(), this);
            _loop.Timers.Arm(tls.FlushDeadline, _loop.NowMs + MaxFlushMs);
        }

        return tls.HasUnsent;
    }

    // After an event that may have made room.
    private void ContinueClosing(TlsLayer tls)
    {
        if (tls.HasUnsent)
        {
            return;
        }

        if (tls.FlushDeadline is not null)
        {
            EndFlush();
        }
        else if (tls.IsShutdownDue && !IsClosed)
        {
            tls.IsShutdownDue = false;
            _loop.Kernel.ShutdownWrite(_fd);
        }
    }

    private void EndFlush()
    {
        TlsLayer tls = _tls!;
        _loop.Timers.Disarm(tls.FlushDeadline!);
        tls.FlushDeadline = null;
        EndDescriptor(tls.Descriptor, abort: false);
    }
}
