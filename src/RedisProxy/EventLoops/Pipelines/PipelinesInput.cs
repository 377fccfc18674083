using System.Buffers;
using System.IO.Pipelines;

namespace RedisProxy.EventLoops;

/// <summary>
/// What a connection has received. A read is always pending, and has examined all there is, so that the next arrival and the end are
/// noticed whether or not the owner takes what came before. Bytes that were not consumed stay where they are meanwhile. Beyond
/// <see cref="MaxAhead"/> nothing is read until they are taken, and the peer is stopped by its window.
/// </summary>
internal sealed class PipelinesInput(PipelinesSocket owner)
{
    /// <summary>Bytes received ahead of the owner, and as many again in the pipe.</summary>
    public const int MaxAhead = 64 * 1024;

    // Less than a page is not worth an early release.
    private const int MaxKept = 4096;

    private PipeReader? _reader;
    private ReadOnlySequence<byte> _unread;
    private SequencePosition _end;
    private long _taken;
    private bool _isOver;

    /// <summary>Why it has ended, as a positive error number; 0: in an orderly way, or not yet.</summary>
    public int Error { get; private set; }

    /// <summary>There are bytes to take, or nothing more comes.</summary>
    public bool HasArrived => _isOver || !_unread.IsEmpty;

    /// <summary>The next arrival will be reported.</summary>
    public bool IsReading { get; private set; }

    public void Start(PipeReader reader)
    {
        _reader = reader;
        _ = ReadAsync(reader);
    }

    /// <summary>It could not even begin.</summary>
    public void Fail(int error)
    {
        _isOver = true;
        Error = error;
    }

    /// <summary>Copies bytes, which stay.</summary>
    /// <returns>Their number, 0 when the peer has shut down, or a negative error number.</returns>
    public int Peek(Span<byte> buffer)
    {
        int count = (int)Math.Min(_unread.Length, buffer.Length);
        if (count == 0)
        {
            return Error != 0 ? -Error : _isOver ? 0 : Kernel.WouldBlock;
        }

        _unread.Slice(0, count).CopyTo(buffer);
        return count;
    }

    /// <summary>As <see cref="Peek"/>, and takes them.</summary>
    public int Receive(Span<byte> buffer)
    {
        int count = Peek(buffer);
        if (count > 0)
        {
            _unread = _unread.Slice(count);
            _taken += count;
            if (_unread.IsEmpty && !_isOver)
            {
                Release(_reader!);
            }
        }

        return count;
    }

    /// <summary>Nobody reads any more.</summary>
    public void Complete()
    {
        _unread = default;
        if (!IsReading)
        {
            _reader?.Complete();
        }
    }

    private async Task ReadAsync(PipeReader reader)
    {
        try
        {
            ReadResult result;
            do
            {
                IsReading = true;
                result = await reader.ReadAsync();
                IsReading = false;
            }
            while (GoesOnAfter(result, reader));
        }
        catch (Exception failure)
        {
            // Whatever it was, nothing more comes. What was received before stays readable.
            IsReading = false;
            Fail(PortableSockets.ErrorOf(failure));
            owner.Report(PipelinesSocket.Broken);
        }

        if (owner.IsClosed)
        {
            Complete();
        }
    }

    private bool GoesOnAfter(ReadResult result, PipeReader reader)
    {
        if (owner.IsClosed)
        {
            return false;
        }

        long before = _unread.Length;
        _unread = WithoutEmptyHead(result.Buffer.Slice(_taken));
        _taken = 0;
        _end = result.Buffer.End;
        if (result.IsCompleted)
        {
            _isOver = true;
            owner.Report(SocketReadiness.Readable | SocketReadiness.PeerClosed);
            return false;
        }

        if (_unread.Length > before)
        {
            owner.Report(SocketReadiness.Readable);
        }

        if (_unread.Length >= MaxAhead)
        {
            return false;
        }

        reader.AdvanceTo(_unread.Start, _end);
        return true;
    }

    // The pipe takes a segment back when the reader has consumed it to its end: what is unread must begin in the next one then.
    private static ReadOnlySequence<byte> WithoutEmptyHead(ReadOnlySequence<byte> sequence)
    {
        SequencePosition next = sequence.Start;
        while (sequence.TryGet(ref next, out ReadOnlyMemory<byte> head) && head.IsEmpty && next.GetObject() is not null)
        {
            sequence = sequence.Slice(next);
        }

        return sequence;
    }

    /// <summary>Gives the memory of what was taken back, and reads on if there was too much of it.</summary>
    private void Release(PipeReader reader)
    {
        if (!IsReading)
        {
            _taken = 0;
            _unread = default;
            reader.AdvanceTo(_end);
            _ = ReadAsync(reader);
        }
        else if (_taken > MaxKept)
        {
            // Its end releases what was taken, and begins the next read.
            reader.CancelPendingRead();
        }
    }
}
