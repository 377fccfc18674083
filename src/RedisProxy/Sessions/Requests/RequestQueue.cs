using System.Diagnostics;
using System.Runtime.CompilerServices;

using RedisProxy.EventLoops;

namespace RedisProxy.Sessions;

/// <summary>
/// Requests in the order of the client's stream: a growing double-ended ring. Used for the in-flight ledger of a backend and for requests
/// waiting to be sent.
/// </summary>
/// <param name="memory">Accounts for its size.</param>
internal sealed class RequestQueue(LedgerMemory memory)
{
    // Most clients wait for each reply, and an idle session keeps its array.
    private const int InitialCapacity = 1;

    // An array grown by one deep pipeline is not kept for the rest of a long, quiet session.
    private const int MaxKeptCapacity = 16 * 1024;

    // From this size on it pays to merge requests that need no entry of their own.
    private const int MinCompactedCapacity = 4 * 1024;

    private PendingRequest[] _ring = [];
    private int _head;

    public int Count { get; private set; }

    public bool IsEmpty => Count == 0;

    /// <summary>Offset up to which the client's stream was sent and released: a request before it cannot be sent again.</summary>
    public long GoneTo { get; set; }

    /// <summary>What replies mean differs between reads and others, so they are not merged with each other.</summary>
    public bool KeepsWritesApart { get; set; }

    /// <summary><see cref="Count"/> including all requests of each entry (<see cref="PendingRequest.More"/>). Takes a full pass.</summary>
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

    /// <summary>Adds an uninitialised slot as the newest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref PendingRequest AddNewest()
    {
        EnsureRoom();
        Count++;
        return ref Newest;
    }

    /// <summary>Requeues a request as the oldest.</summary>
    public void AddOldest(in PendingRequest request)
    {
        EnsureRoom();
        _head = (_head - 1) & (_ring.Length - 1);
        Count++;
        _ring[_head] = request;
    }

    /// <summary>The wait of all of them begins now.</summary>
    public void BeginWaits(long nowMs)
    {
        for (int i = 0; i < Count; i++)
        {
            this[i].WaitsSinceMs = nowMs;
        }
    }

    /// <summary>One request of the oldest entry has been answered.</summary>
    public void RetireOldest()
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

    /// <summary>The oldest request gets an entry of its own.</summary>
    public void SplitOldest()
    {
        if (Oldest.More > 0)
        {
            PendingRequest one = Oldest;
            one.More = 0;
            Oldest.More--;
            AddOldest(one);
        }
    }

    /// <summary>Removes the oldest entry, with all requests that it stands for.</summary>
    public void RemoveOldest() => RemoveOldest(1);

    /// <summary>Removes this many of the oldest entries.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void RemoveOldest(int count)
    {
        Debug.Assert(count <= Count, "fewer entries than that");
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

    /// <summary>Writes it, or reads it into a new one.</summary>
    public void Carry(StateCodec codec, EventLoop loop)
    {
        GoneTo = codec.Int64(GoneTo);
        int count = codec.Count(Count);
        for (int i = 0; i < count; i++)
        {
            if (codec.IsReading)
            {
                AddNewest(new PendingRequest { DispatchedUs = (uint)loop.NowUs });
            }

            this[i].Carry(codec, loop.NowMs);
        }
    }

    /// <summary>Releases its memory. The queue is empty, and not expected to be used soon.</summary>
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
    /// A run of requests that can only end one way, because they were sent and can no longer be sent again, needs one count and not an
    /// entry each: a client may have millions in flight.
    /// </summary>
    private void Compact()
    {
        int kept = 0;
        for (int i = 0; i < Count; i++)
        {
            ref PendingRequest request = ref this[i];
            if (kept > 0 && IsGone(request) && IsGone(this[kept - 1]) && MayMerge(request, this[kept - 1]))
            {
                ref PendingRequest run = ref this[kept - 1];
                run.More += request.More + 1;
                run.End = request.End;
                run.DispatchedUs = request.DispatchedUs;
            }
            else
            {
                this[kept++] = request;
            }
        }

        Count = kept;
    }

    private bool MayMerge(in PendingRequest one, in PendingRequest other) =>
        !KeepsWritesApart || one.Traits.IsResendable == other.Traits.IsResendable;

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
