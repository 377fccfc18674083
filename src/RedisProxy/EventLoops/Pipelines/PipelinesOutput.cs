using Pipelines.Sockets.Unofficial;

namespace RedisProxy.EventLoops;

/// <summary>
/// What a connection sends. A flush ends when the operating system has taken everything: mostly within the call. Until then there is no
/// room, as with a full send buffer.
/// </summary>
internal sealed class PipelinesOutput(PipelinesSocket owner)
{
    private SocketConnection? _connection;
    private long _written;
    private bool _isWriterWaiting;
    private bool _isShutDown;

    /// <summary>Why nothing can be sent any more, as a positive error number; 0: it can.</summary>
    public int Error { get; private set; }

    /// <summary>The operating system has not taken everything yet.</summary>
    public bool IsFlushing { get; private set; }

    public void Start(SocketConnection connection) => _connection = connection;

    /// <returns>The bytes' number, <see cref="Kernel.WouldBlock"/>, or a negative error number.</returns>
    public int Send(ReadOnlySpan<byte> bytes)
    {
        if (Error != 0 || _isShutDown)
        {
            return -(Error != 0 ? Error : Errno.BrokenPipe);
        }

        if (_connection is not { } connection || IsFlushing)
        {
            _isWriterWaiting = true;
            return Kernel.WouldBlock;
        }

        bytes.CopyTo(connection.Output.GetSpan(bytes.Length));
        connection.Output.Advance(bytes.Length);
        _written += bytes.Length;
        _ = FlushAsync(connection);

        // Also when sending has failed: some of the bytes may be on their way, and who does not know must not send them again.
        return bytes.Length;
    }

    /// <summary>FIN after what is being sent.</summary>
    public void Shutdown()
    {
        _isShutDown = true;
        _connection?.Output.Complete();
    }

    private async Task FlushAsync(SocketConnection connection)
    {
        IsFlushing = true;
        try
        {
            // A send that fails ends the flush, too, as if it had succeeded.
            await connection.Output.FlushAsync();
            Error = connection.BytesSent == _written ? 0 : Errno.BrokenPipe;
        }
        catch (Exception failure)
        {
            Error = PortableSockets.ErrorOf(failure);
        }

        IsFlushing = false;
        if (owner.IsClosed)
        {
            owner.Dispose();
        }
        else if (Error != 0)
        {
            owner.Report(PipelinesSocket.Broken);
        }
        else if (_isWriterWaiting)
        {
            _isWriterWaiting = false;
            owner.Report(SocketReadiness.Writable);
        }
    }
}
