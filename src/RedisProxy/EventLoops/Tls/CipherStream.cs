using System.Threading.Tasks.Sources;

namespace RedisProxy.EventLoops;

/// <summary>
/// The TLS library's view of a socket: a stream of ciphertext. A read without input waits until the owner reports some, and continues
/// on the loop's thread, before <see cref="Resume"/> returns. Writes never wait: what the kernel does not take is kept.
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

    /// <summary>A read of zero bytes completes when there is something to read, so that no buffer is held meanwhile.</summary>
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

    /// <summary>Retries a waiting read; the library may then read on, and wait again.</summary>
    public void Resume()
    {
        if (_isWaiting && TryRead(_room, out int count, out IOException? error))
        {
            End(count, error);
        }
    }

    /// <summary>Fails a waiting read.</summary>
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
        // Nothing is buffered except what the kernel has no room for.
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("A loop never blocks.");

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
        error = count < 0 && count != Kernel.WouldBlock ? new IOException(Errno.Describe(-count)) : null;
        return count != Kernel.WouldBlock;
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
