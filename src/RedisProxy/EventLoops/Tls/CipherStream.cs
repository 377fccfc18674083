using System.Threading.Tasks.Sources;

namespace RedisProxy.EventLoops;

/// <summary>
/// What the TLS library sees of a socket: a stream of ciphertext. A read that finds nothing waits, and goes on, on the loop's thread and
/// before <see cref="Resume"/> returns, when its owner says that there is more. Writes never wait: what the kernel does not take is kept.
/// </summary>
internal sealed class CipherStream(TlsLayer owner, CipherOutput output) : Stream, IValueTaskSource<int>
{
    private ManualResetValueTaskSourceCore<int> _waiting;
    private Memory<byte> _room;
    private bool _isWaiting;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>A read of no bytes ends when there is something to read, so that nobody holds a buffer while there is nothing.</summary>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (TryRead(buffer, out int count, out IOException? error))
        {
            return error is null ? new ValueTask<int>(count) : ValueTask.FromException<int>(error);
        }

        _room = buffer;
        _isWaiting = true;
        _waiting.Reset();
        return new ValueTask<int>(this, _waiting.Version);
    }

    /// <summary>A waiting read tries again; the library may then read on, and wait again.</summary>
    public void Resume()
    {
        if (_isWaiting && TryRead(_room, out int count, out IOException? error))
        {
            End(count, error);
        }
    }

    /// <summary>A waiting read ends with an error.</summary>
    public void Cancel()
    {
        if (_isWaiting)
        {
            End(0, new IOException("the connection was closed"));
        }
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        output.Send(buffer.Span);
        return default;
    }

    public override void Write(byte[] buffer, int offset, int count) => output.Send(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer) => output.Send(buffer);

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
        // Nothing is kept back but what the kernel has no room for.
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("A loop never waits.");

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    int IValueTaskSource<int>.GetResult(short token) => _waiting.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<int>.GetStatus(short token) => _waiting.GetStatus(token);

    void IValueTaskSource<int>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _waiting.OnCompleted(continuation, state, token, flags);

    private bool TryRead(Memory<byte> room, out int count, out IOException? error)
    {
        count = owner.ReceiveCipher(room.Span);
        error = count < 0 && count != SocketCalls.WouldBlock ? new IOException(Errno.Describe(-count)) : null;
        return count != SocketCalls.WouldBlock;
    }

    private void End(int count, IOException? error)
    {
        _isWaiting = false;
        _room = default;
        if (error is null)
        {
            _waiting.SetResult(count);
        }
        else
        {
            _waiting.SetException(error);
        }
    }
}
