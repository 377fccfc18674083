using System.Buffers;

using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>
/// Requests that a backend has queued in a MULTI, kept until EXEC is answered: their replies were QUEUED and nothing was executed, so they
/// can be queued on another backend. Also holds their changes of the connection, which take effect when EXEC runs them.
/// </summary>
/// <param name="maxBytes">A longer queue is not kept, and its transaction cannot be moved.</param>
internal sealed class TransactionQueue(int maxBytes)
{
    // A buffer grown by one long transaction is not kept for the rest of the session.
    private const int MaxKeptBytes = 4096;

    private readonly List<(int Index, StateChange Change)> _changes = [];
    private ArrayBufferWriter<byte> _requests = new();

    /// <summary>Requests in the queue.</summary>
    public int Count { get; private set; }

    /// <summary>The whole queue is kept, and no part of it was refused.</summary>
    public bool IsWhole { get; private set; } = true;

    /// <summary>It contains a HELLO.</summary>
    public bool MayChangeProtocol => _changes.Exists(static queued => queued.Change.Kind == CommandKind.Hello);

    public ReadOnlyMemory<byte> Requests => _requests.WrittenMemory;

    /// <summary>The backend has queued a request.</summary>
    /// <param name="request">Empty if its bytes are released.</param>
    /// <param name="change">Its change of the connection, or null.</param>
    public void Add(ReadOnlySpan<byte> request, StateChange? change)
    {
        if (change is not null)
        {
            _changes.Add((Count, change));
        }

        Count++;
        if (!IsWhole || request.IsEmpty || _requests.WrittenCount + request.Length > maxBytes)
        {
            IsWhole = false;
            _requests = new ArrayBufferWriter<byte>();
            return;
        }

        _requests.Write(request);
    }

    /// <summary>The backend has refused to queue a request, so it will not execute the others.</summary>
    public void Spoil() => IsWhole = false;

    public void Clear()
    {
        Count = 0;
        IsWhole = true;
        _changes.Clear();
        if (_requests.Capacity > MaxKeptBytes)
        {
            _requests = new ArrayBufferWriter<byte>();
        }
        else
        {
            _requests.ResetWrittenCount();
        }
    }

    /// <summary>Writes it, or reads it.</summary>
    public static TransactionQueue? Carry(StateCodec codec, TransactionQueue? queue, int maxBytes)
    {
        if (!codec.Bool(queue is not null))
        {
            return null;
        }

        queue ??= new TransactionQueue(maxBytes);
        queue.Count = codec.Int32(queue.Count);
        queue.IsWhole = codec.Bool(queue.IsWhole);
        ReadOnlyMemory<byte> requests = codec.Bytes(queue.Requests);
        int count = codec.Count(queue._changes.Count);
        for (int i = 0; i < count; i++)
        {
            (int index, StateChange? change) = codec.IsReading ? (0, null) : queue._changes[i];
            (index, change) = (codec.Int32(index), codec.Change(change));
            if (codec.IsReading)
            {
                queue._changes.Add((index, change));
            }
        }

        if (codec.IsReading)
        {
            queue._requests.Write(requests.Span);
        }

        return queue;
    }

    /// <summary>The changes applied by EXEC.</summary>
    /// <param name="reply">EXEC's whole reply; empty if it was too large to be kept.</param>
    /// <param name="isKnown">False: there may be changes, but it is unknown which.</param>
    public IReadOnlyList<StateChange> ChangesOf(ReadOnlySpan<byte> reply, out bool isKnown)
    {
        isKnown = true;
        if (_changes.Count == 0 || reply.StartsWith("*-1"u8) || reply.StartsWith("_"u8) || reply.StartsWith("-"u8))
        {
            return [];
        }

        var changes = new List<StateChange>();
        int end = reply.IndexOf((byte)'\n');
        isKnown = end > 0 && reply[0] == '*';
        ReadOnlySpan<byte> elements = isKnown ? reply[(end + 1)..] : default;
        var scanner = default(ReplyScanner);
        int next = 0;
        for (int index = 0; isKnown && next < _changes.Count; index++)
        {
            isKnown = scanner.Scan(elements, out int consumed) == ScanStatus.Complete;
            elements = elements[consumed..];
            if (scanner.IsPush)
            {
                // It stands between elements.
                index--;
            }
            else if (index == _changes[next].Index)
            {
                if (!scanner.IsError)
                {
                    changes.Add(_changes[next].Change);
                }

                next++;
            }
        }

        return changes;
    }
}
