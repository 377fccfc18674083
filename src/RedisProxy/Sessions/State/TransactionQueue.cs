using System.Buffers;

using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>
/// The requests that a backend has queued behind MULTI, kept until EXEC is answered: they were answered with QUEUED and executed
/// nowhere, so another backend can be told the same. Also what they will change about the connection once EXEC runs them.
/// </summary>
/// <param name="maxBytes">What is longer is not kept, and such a transaction cannot be moved.</param>
internal sealed class TransactionQueue(int maxBytes)
{
    // A buffer that one long transaction made is not kept for the rest of the session.
    private const int MaxKeptBytes = 4096;

    private readonly List<(int Index, StateChange Change)> _changes = [];
    private ArrayBufferWriter<byte> _requests = new();

    /// <summary>Requests in the queue.</summary>
    public int Count { get; private set; }

    /// <summary>All of the queue is here, and none of it was refused.</summary>
    public bool IsWhole { get; private set; } = true;

    /// <summary>There is a HELLO in it.</summary>
    public bool MayChangeProtocol => _changes.Exists(static queued => queued.Change.Kind == CommandKind.Hello);

    public ReadOnlyMemory<byte> Requests => _requests.WrittenMemory;

    /// <summary>The backend has queued a request.</summary>
    /// <param name="request">Empty when its bytes are gone.</param>
    /// <param name="change">What it will change about the connection, or null.</param>
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

    /// <summary>The changes that EXEC brought about.</summary>
    /// <param name="reply">EXEC's, whole; empty when it was too large to be kept.</param>
    /// <param name="isKnown">False: there may be changes, and nobody knows which.</param>
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
            if (index == _changes[next].Index)
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
