using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using System.Security.Authentication;

namespace RedisProxy.EventLoops;

/// <summary>
/// TLS between a <see cref="LoopSocket"/> and its descriptor. The framework's <see cref="SslStream"/> does all of it; here it is driven by
/// readiness. It reads the descriptor itself, into buffers that it holds only while they contain data, and its reads wait in
/// <see cref="CipherStream"/>. <see cref="CipherOutput"/> keeps the output that the kernel has no room for, at most one chunk's: while
/// any is left, no more plaintext is accepted.
/// <para>
/// Everything runs on the loop's thread, the library's continuations too. Therefore no synchronization context may be current while the
/// library is driven: if there were one, it would move to the thread pool (<see cref="Drive"/>).
/// </para>
/// </summary>
[SuppressMessage("Usage", "VSTHRD002", Justification = "Only completed results are taken; a loop never blocks.")]
[SuppressMessage("Reliability", "CA2012", Justification = "A pending read is kept across iterations, and its result taken once.")]
internal sealed unsafe class TlsLayer : IDisposable
{
    /// <summary>Of plaintext; fills one record.</summary>
    private const int ChunkBytes = 16 * 1024;

    private readonly EventLoop _loop;
    private readonly int _fd;
    private readonly CipherStream _cipher;
    private readonly CipherOutput _output;
    private readonly SslStream _stream;
    private readonly Action _resume;
    private readonly PointerMemory _lent = new();
    private bool _isReadable;
    private bool _isPeerClosed;
    private Task? _handshake;
    private ValueTask<int> _looking;
    private bool _isLooking;
    private bool _isEnded;
    private bool _isNotified;
    private int _receiveError;

    /// <param name="loop">Of the socket.</param>
    /// <param name="fd">Of the socket.</param>
    /// <param name="isReadable">The kernel may have bytes already.</param>
    public TlsLayer(EventLoop loop, int fd, bool isReadable)
    {
        _loop = loop;
        _fd = fd;
        _isReadable = isReadable;
        _output = new CipherOutput(loop, fd);
        _cipher = new CipherStream(this, _output);
        _resume = _cipher.Resume;
        _stream = new SslStream(_cipher, leaveInnerStreamOpen: false);
    }

    public bool IsHandshakeOver => _handshake!.IsCompleted;

    /// <summary>Null: it succeeded. Only when the handshake is over.</summary>
    public Exception? HandshakeError => _handshake!.IsCompletedSuccessfully ? null : _handshake.Exception?.InnerException
        ?? new AuthenticationException("the handshake was given up");

    /// <summary>A receive may return bytes.</summary>
    public bool IsReadable => _isReadable || _isEnded || _receiveError != 0;

    /// <summary>The peer has sent something.</summary>
    public bool HasReceived { get; private set; }

    /// <summary>Ciphertext waits for room in the kernel.</summary>
    public bool HasUnsent => _output.HasUnsent;

    /// <summary>FIN is due once nothing is left unsent.</summary>
    public bool IsShutdownDue { get; set; }

    /// <summary>The descriptor closes once nothing is left unsent, or at this deadline. Null: it stays open.</summary>
    public LoopTimer? FlushDeadline { get; set; }

    public int Descriptor => _fd;

    /// <summary>Starts the handshake and takes it as far as it goes without waiting.</summary>
    public void Begin(Func<SslStream, Task> authenticate) => Drive(() =>
    {
        try
        {
            _handshake = authenticate(_stream);
        }
        catch (Exception e)
        {
            _handshake = Task.FromException(e);
        }
    });

    /// <summary>Continues the handshake, now that there is input.</summary>
    public void ContinueHandshake() => Drive(_resume);

    /// <summary>Handles an event of the descriptor.</summary>
    /// <returns>The event as the socket's owner may see it: not writable while ciphertext waits for room.</returns>
    public SocketReadiness OnReady(SocketReadiness events)
    {
        _isPeerClosed |= (events & SocketReadiness.PeerClosed) != 0;
        _isReadable |= (events & SocketReadiness.Readable) != 0;
        if ((events & SocketReadiness.Writable) != 0)
        {
            _output.TryFlush();
        }

        return HasUnsent ? events & ~SocketReadiness.Writable : events;
    }

    /// <inheritdoc cref="LoopSocket.TryReceive"/>
    public int Receive(byte* buffer, int length)
    {
        int received = 0;
        while (received < length && TryLook())
        {
            int count = Take(_lent.Of(buffer + received, length - received));
            if (count <= 0)
            {
                break;
            }

            received += count;
        }

        return received > 0 ? received : _receiveError != 0 ? _receiveError : _isEnded ? 0 : Kernel.WouldBlock;
    }

    /// <inheritdoc cref="LoopSocket.TrySend"/>
    public int Send(byte* buffer, int length)
    {
        int sent = 0;
        while (sent < length && _output.TryFlush())
        {
            int count = Math.Min(ChunkBytes, length - sent);
            try
            {
                ValueTask write = _stream.WriteAsync(_lent.Of(buffer + sent, count), CancellationToken.None);
                Debug.Assert(write.IsCompleted, "writes to the inner stream never wait");
                write.GetAwaiter().GetResult();
            }
            catch (Exception e) when (e is IOException or InvalidOperationException or AuthenticationException)
            {
                _output.Fail(-Errno.Protocol);
            }

            // Encrypted bytes may be on their way, whatever becomes of the rest.
            sent += count;
        }

        return sent > 0 ? sent : _output.Error != 0 ? _output.Error : Kernel.WouldBlock;
    }

    /// <summary>Announces the end of the data to the peer, which can then rule out a truncation.</summary>
    public void SendCloseNotify()
    {
        if (_isNotified || !_handshake!.IsCompletedSuccessfully || _output.Error != 0)
        {
            return;
        }

        _isNotified = true;
        try
        {
            Task ending = _stream.ShutdownAsync();
            Debug.Assert(ending.IsCompleted, "writes to the inner stream never wait");
            _ = ending.Exception;
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or AuthenticationException)
        {
            // The connection is broken, and the close will show it.
        }
    }

    /// <summary>Nothing is received or sent any more. A handshake in progress fails.</summary>
    public void Dispose()
    {
        Drive(_cipher.Cancel);
        if (_isLooking && _looking.IsCompleted)
        {
            _isLooking = false;
            _ = _looking.AsTask().Exception;
        }

        _ = _handshake?.Exception;
        _stream.Dispose();
    }

    /// <summary>For the library: ciphertext from the kernel. With an empty buffer: is there any?</summary>
    internal int ReceiveCipher(Span<byte> room)
    {
        Debug.Assert(_loop.IsCurrent, "the library has left the loop");
        if (!_isReadable)
        {
            return Kernel.WouldBlock;
        }

        if (room.Length == 0)
        {
            return 0;
        }

        fixed (byte* buffer = room)
        {
            int received = _loop.Kernel.Receive(_fd, buffer, room.Length);
            HasReceived |= received > 0;
            if (received == Kernel.WouldBlock || (received > 0 && received < room.Length && !_isPeerClosed))
            {
                _isReadable = false;
            }
            else if (received < 0)
            {
                _receiveError = received;
            }

            return received;
        }
    }

    /// <summary>Is there plaintext, or the end? If not, a read stays pending, without a buffer, and the next call resumes it.</summary>
    private bool TryLook()
    {
        if (_isEnded || _receiveError != 0)
        {
            return false;
        }

        try
        {
            if (!_isLooking)
            {
                _isLooking = true;
                _looking = _stream.ReadAsync(Memory<byte>.Empty, CancellationToken.None);
            }

            if (!_looking.IsCompleted && _isReadable)
            {
                Drive(_resume);
            }

            if (!_looking.IsCompleted)
            {
                return false;
            }

            _isLooking = false;
            _looking.GetAwaiter().GetResult();
            return true;
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or AuthenticationException)
        {
            Fail();
            return false;
        }
    }

    /// <summary>After a successful <see cref="TryLook"/>: takes plaintext that is there, so it does not wait.</summary>
    private int Take(Memory<byte> room)
    {
        try
        {
            ValueTask<int> read = _stream.ReadAsync(room, CancellationToken.None);
            if (!read.IsCompleted)
            {
                Fail();
                return 0;
            }

            int count = read.GetAwaiter().GetResult();
            _isEnded |= count == 0;
            return count;
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or AuthenticationException)
        {
            Fail();
            return 0;
        }
    }

    private void Fail()
    {
        _isLooking = false;
        _receiveError = _receiveError != 0 ? _receiveError : -Errno.Protocol;
    }

    private static void Drive(Action action)
    {
        SynchronizationContext? loop = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            action();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(loop);
        }
    }
}
