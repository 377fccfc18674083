using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace RedisProxy.Sessions;

/// <summary>
/// Requests in the order of the client's stream: a double-ended ring that grows. Used for what a backend owes (its in-flight ledger)
/// and for what waits to be sent.
/// </summary>
/// <param name="memory">Pays for it.</param>
internal sealed class RequestQueue(LedgerMemory memory)
{
    // Most clients wait for each reply, and an idle session keeps its array.
    private const int InitialCapacity = 1;

    // An array that one deep pipeline made is not kept for the rest of a long, quiet session.
    private const int MaxKeptCapacity = 16 * 1024;

    // From this size on it pays to look for requests that need no entry of their own.
    private const int MinCompactedCapacity = 4 * 1024;

    private PendingRequest[] _ring = [];
    private int _head;

    public int Count { get; private set; }

    public bool IsEmpty => Count == 0;

    /// <summary>What of the client's stream is sent, and gone: a request before it cannot be sent again.</summary>
    public long GoneTo { get; set; }

    /// <summary>As <see cref="Count"/>, with all requests of each entry (<see cref="PendingRequest.More"/>). Has to look at each.</summary>
    public long Requests
    {
        get
        {
            long requests = Count;
            for (int i = 0; i < Count; i++)
            {
                requests += this[i].More;
            }

            return requests;
        }
    }

    /// <param name="index">0 is the oldest.</param>
    public ref PendingRequest this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            Debug.Assert((uint)index < (uint)Count, "no such request");
            return ref _ring[(_head + index) & (_ring.Length - 1)];
        }
    }

    public ref PendingRequest Oldest => ref this[0];

    public ref PendingRequest Newest => ref this[Count - 1];

    /// <summary>Adds a request as the newest.</summary>
    public ref PendingRequest AddNewest(in PendingRequest request)
    {
        EnsureRoom();
        Count++;
        ref PendingRequest slot = ref Newest;
        slot = request;
        return ref slot;
    }

    /// <summary>Adds a slot as the newest, with whatever was in it before.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref PendingRequest AddNewest()
    {
        EnsureRoom();
        Count++;
        return ref Newest;
    }

    /// <summary>Gives a request back its place before all others.</summary>
    public void AddOldest(in PendingRequest request)
    {
        EnsureRoom();
        _head = (_head - 1) & (_ring.Length - 1);
        Count++;
        _ring[_head] = request;
    }

    public void RemoveOldest()
    {
        if (Oldest.More > 0)
        {
            Oldest.More--;
        }
        else
        {
            RemoveOldest(1);
        }
    }

    /// <summary>So many of the oldest entries.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void RemoveOldest(int count)
    {
        Debug.Assert(count <= Count, "there are not so many");
        _head = (_head + count) & (_ring.Length - 1);
        Count -= count;
        if (Count == 0 && _ring.Length > MaxKeptCapacity)
        {
            Release();
        }
    }

    public void RemoveNewest()
    {
        Debug.Assert(Count > 0, "empty");
        Count--;
    }

    /// <summary>None of them is sent any more.</summary>
    public void GiveUpAll()
    {
        for (int i = 0; i < Count; i++)
        {
            ref PendingRequest request = ref this[i];
            request.Outcome = request.IsProxyReply ? request.Outcome : request.OutcomeWhenGivenUp;
        }
    }

    /// <summary>Gives its memory back. It is empty, and not expected to be used again soon.</summary>
    public void Release()
    {
        Debug.Assert(Count == 0, "in use");
        Resize(0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void EnsureRoom()
    {
        if (Count >= _ring.Length)
        {
            MakeRoom();
        }
    }

    private void MakeRoom()
    {
        if (_ring.Length >= MinCompactedCapacity)
        {
            Compact();
        }

        if (Count >= _ring.Length / 2)
        {
            Resize(Math.Max(InitialCapacity, _ring.Length * 2));
        }
    }

    /// <summary>
    /// A run of requests that can only end one way, because they are sent and too old to be sent again, needs a count and not an entry for
    /// each: so a client may have millions in flight.
    /// </summary>
    private void Compact()
    {
        int kept = 0;
        for (int i = 0; i < Count; i++)
        {
            ref PendingRequest request = ref this[i];
            if (kept > 0 && IsGone(request) && IsGone(this[kept - 1]))
            {
                ref PendingRequest run = ref this[kept - 1];
                run.More += request.More + 1;
                run.End = request.End;
            }
            else
            {
                this[kept++] = request;
            }
        }

        Count = kept;
    }

    private bool IsGone(in PendingRequest request) => request.End <= GoneTo && request.AnswersAlike && !request.Traits.IsBlocking;

    private void Resize(int capacity)
    {
        memory.Add((long)(capacity - _ring.Length) * Unsafe.SizeOf<PendingRequest>());
        PendingRequest[] ring = capacity == 0 ? [] : new PendingRequest[capacity];
        for (int i = 0; i < Count; i++)
        {
            ring[i] = this[i];
        }

        _ring = ring;
        _head = 0;
    }
}
