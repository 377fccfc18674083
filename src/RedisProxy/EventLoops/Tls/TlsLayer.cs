using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using System.Security.Authentication;

namespace RedisProxy.EventLoops;

/// <summary>
/// TLS between a <see cref="LoopSocket"/> and its descriptor. The framework's <see cref="SslStream"/> does all of it; here it is driven by
/// readiness. It reads the descriptor itself, into buffers that it holds only while there is something in them, and its reads wait in
/// <see cref="CipherStream"/>. Of what it writes, <see cref="CipherOutput"/> keeps what the kernel has no room for, at most that of one
/// chunk: while there is any, nothing more is taken.
/// <para>
/// Everything runs on the loop's thread, continuations of the library too. For that, no synchronization context may be current while it
/// is driven, because in the presence of one it would hand over to the thread pool (<see cref="Drive"/>).
/// </para>
/// </summary>
[SuppressMessage("Usage", "VSTHRD002", Justification = "Only results that are there are taken; a loop never waits.")]
[SuppressMessage("Reliability", "CA2012", Justification = "A look is kept from turn to turn, and its result taken once.")]
internal sealed unsafe class TlsLayer : IDisposable
{
    /// <summary>Of plaintext; makes a record of full size.</summary>
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

    /// <summary>Null: all is well. Only when the handshake is over.</summary>
    public Exception? HandshakeError => _handshake!.IsCompletedSuccessfully ? null : _handshake.Exception?.InnerException
        ?? new AuthenticationException("the handshake was given up");

    /// <summary>A receive may give something.</summary>
    public bool IsReadable => _isReadable || _isEnded || _receiveError != 0;

    /// <summary>The peer has said something.</summary>
    public bool HasReceived { get; private set; }

    /// <summary>Ciphertext waits for room in the kernel.</summary>
    public bool HasUnsent => _output.HasUnsent;

    /// <summary>FIN is to be sent when nothing is unsent any more.</summary>
    public bool IsShutdownDue { get; set; }

    /// <summary>The descriptor is to be closed when nothing is unsent any more, or when this is due. Null: it is not.</summary>
    public LoopTimer? FlushDeadline { get; set; }

    public int Descriptor => _fd;

    /// <summary>Begins, as far as it goes.</summary>
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

    /// <summary>Goes on with a handshake, now that there is something to read.</summary>
    public void GoOn() => Drive(_resume);

    /// <summary>An event of the descriptor.</summary>
    /// <returns>The event as the socket's owner may see it: while ciphertext waits for room, there is none for more.</returns>
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

        return received > 0 ? received : _receiveError != 0 ? _receiveError : _isEnded ? 0 : SocketCalls.WouldBlock;
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
                Debug.Assert(write.IsCompleted, "its stream never makes it wait");
                write.GetAwaiter().GetResult();
            }
            catch (Exception e) when (e is IOException or InvalidOperationException or AuthenticationException)
            {
                _output.Fail(-Errno.Protocol);
            }

            // What was encrypted may be on its way, whatever becomes of the rest.
            sent += count;
        }

        return sent > 0 ? sent : _output.Error != 0 ? _output.Error : SocketCalls.WouldBlock;
    }

    /// <summary>Tells the peer that nothing more comes; so it knows that nothing was cut off.</summary>
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
            Debug.Assert(ending.IsCompleted, "its stream never makes it wait");
            _ = ending.Exception;
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or AuthenticationException)
        {
            // The connection is broken, and closing it says so.
        }
    }

    /// <summary>Nothing is received or sent any more. A handshake that is under way fails.</summary>
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

    /// <summary>For the library: ciphertext from the kernel. Into no room: is there any?</summary>
    internal int ReceiveCipher(Span<byte> room)
    {
        Debug.Assert(_loop.IsCurrent, "the library has left the loop");
        if (!_isReadable)
        {
            return SocketCalls.WouldBlock;
        }

        if (room.Length == 0)
        {
            return 0;
        }

        fixed (byte* buffer = room)
        {
            int received = _loop.Kernel.Receive(_fd, buffer, room.Length);
            HasReceived |= received > 0;
            if (received == SocketCalls.WouldBlock || (received > 0 && received < room.Length && !_isPeerClosed))
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

    /// <summary>Is there plaintext, or the end? A look that finds none stays open, without a buffer, and is resumed by the next.</summary>
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

    /// <summary>After a look that found something: plaintext that is there, so it does not wait.</summary>
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
