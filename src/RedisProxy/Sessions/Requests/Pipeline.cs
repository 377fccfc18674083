using System.Diagnostics;
using System.Runtime.CompilerServices;

using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>
/// A session's requests in the order of the client's stream, from their scan to their reply. Each is in exactly one of two queues: in
/// flight, owed by the link, or <see cref="Waiting"/> behind those. Order is kept by construction: requests only move between the end of
/// the first and the beginning of the second.
/// </summary>
internal sealed class Pipeline
{
    private const long NoOffset = -1;

    private readonly ISessionParts _parts;
    private readonly Gate _gate;
    private HoldDeadline? _deadline;
    private LossCount? _losses;

    // Has waited at a backend: a request, by its end, and since when.
    private (long End, long SinceMs) _interrupted = (NoOffset, 0);

    public Pipeline(ISessionParts parts, Gate gate)
    {
        _parts = parts;
        _gate = gate;
        Buffer = new RequestBuffer(gate.Loop.Slabs);
        Memory = new LedgerMemory(gate.Loop.Slabs);
        Waiting = new RequestQueue(Memory);
        Changes = new ChangeQueue(Memory);
    }

    /// <summary>What is in flight is owed by this one; null while there is none.</summary>
    public BackendLink? Link { get; set; }

    /// <summary>What was lost with links and is sent again.</summary>
    public LossCount Losses => _losses ??= new LossCount();

    /// <summary>The bytes of requests that may have to be sent, or sent again.</summary>
    public RequestBuffer Buffer { get; }

    /// <summary>Requests that no link has taken yet, and those answered by the proxy that stand among them.</summary>
    public RequestQueue Waiting { get; }

    public ChangeQueue Changes { get; }

    public LedgerMemory Memory { get; }

    /// <summary>Where the client will stand with MULTI and WATCH once all that was received is answered.</summary>
    public TransactionState Ahead { get; set; }

    /// <summary>
    /// The client was told, or is about to be, that a change of its connection's state is lost. All that it sent behind that is answered,
    /// and the session ends: nobody can know whether it sends the next request knowing this or not.
    /// </summary>
    public bool HasLostChange { get; private set; }

    /// <summary>The next of the requests that wait may not be sent now, link or no link.</summary>
    public bool IsHeld => !Waiting.IsEmpty && Waiting.Oldest is { IsProxyReply: false } oldest && !_gate.IsOpenFor(oldest.Traits);

    /// <summary>Offset from which on bytes are not framed, because of a request such as SUBSCRIBE before it; -1: none.</summary>
    public long RawFrom { get; private set; } = NoOffset;

    /// <summary>The answer to what is no request; empty when the connection is closed without a word.</summary>
    public byte[] RefusalText { get; set; } = [];

    public bool IsRaw => RawFrom != NoOffset;

    /// <summary>A request goes on with a wait that it has begun at another backend.</summary>
    public bool HasInterrupted => _interrupted.End > Buffer.Kept;

    // Only while something waits, or has lately.
    private HoldDeadline Deadline => _deadline ??= new HoldDeadline(Waiting, _gate, _parts, ForgetDeadline);

    /// <summary>The link has been sent what is not framed.</summary>
    public bool HasSentRaw(BackendLink link) => IsRaw && link.SentTo >= RawFrom;

    public int Count => Waiting.Count + (Link?.InFlight.Count ?? 0);

    /// <summary>Where the oldest request is, if there is one.</summary>
    public RequestQueue OldestQueue => Link is { InFlight.IsEmpty: false } link ? link.InFlight : Waiting;

    /// <summary>What the client gets next is an answer of the proxy itself.</summary>
    public bool IsProxyReplyDue
    {
        get
        {
            // While a link rejects, what is decided about its requests is decided for all of them together.
            RequestQueue queue = OldestQueue;
            return !queue.IsEmpty && queue.Oldest.IsProxyReply && !queue.Oldest.IsOpen && Link is not { IsRejecting: true };
        }
    }

    /// <summary>The next request is of this kind. True: its transaction is played to its end here, so it never reaches a backend.</summary>
    public bool Follow(CommandKind kind, ref Outcome outcome)
    {
        if (outcome != Outcome.Forward || (kind == CommandKind.Plain && !Ahead.IsCompletedLocally))
        {
            return false;
        }

        (outcome, Ahead) = Ahead.Next(kind);
        return outcome != Outcome.Forward;
    }

    /// <summary>A request was scanned: on to the link, if it may go and nothing is before it; else it waits.</summary>
    public void Enqueue(in PendingRequest request, StateChange? change, bool endsFraming)
    {
        if (change is not null)
        {
            Changes.Add(change);
        }

        if (endsFraming)
        {
            RawFrom = request.End;
        }

        if (Waiting.IsEmpty && !request.IsProxyReply && Link is { } link && CanDispatch(link, request.Start, request.Traits))
        {
            Dispatch(link, request);
            return;
        }

        if (Waiting.IsEmpty && Link is null)
        {
            _parts.WakeKeeper();
        }

        ref PendingRequest waiting = ref Waiting.AddNewest(request);
        if (waiting.IsProxyReply)
        {
            _parts.WakeReplies();
        }
        else if (_gate.FailsFast)
        {
            Deadline.ExpireNewest();
        }
        else
        {
            ArmDeadline();
        }
    }

    /// <summary>The request that was still coming in is complete.</summary>
    public void CloseOpenRequest(long end)
    {
        RequestQueue queue = Waiting.IsEmpty ? Link!.InFlight : Waiting;
        Debug.Assert(queue.Newest.IsOpen, "only the newest request can be incomplete");
        queue.Newest.End = end;
        if (queue != Waiting)
        {
            Link!.SendEnd = end;
        }
        else if (queue.Newest.IsProxyReply)
        {
            _parts.WakeReplies();
        }
    }

    /// <summary>
    /// Gives the link as many waiting requests as may go to it and lie in one piece with what it has still to send. A lost change of state
    /// stays where it is, so that nothing passes it, until it is answered.
    /// </summary>
    public void DispatchWaiting(BackendLink link)
    {
        while (!Waiting.IsEmpty)
        {
            ref PendingRequest oldest = ref Waiting.Oldest;
            bool mustStay = oldest.IsProxyReply
                ? oldest.IsOpen || oldest.IsLostChange || link.IsRejecting
                : !CanDispatch(link, oldest.Start, oldest.Traits);
            if (mustStay)
            {
                return;
            }

            if (oldest.IsProxyReply)
            {
                link.InFlight.AddNewest(oldest);
                _parts.WakeReplies();
            }
            else
            {
                HoldDeadline.CountHold(_gate, _parts.Counters, oldest);
                Dispatch(link, oldest);
            }

            Waiting.RemoveOldest();
        }

        Waiting.Release();
    }

    /// <summary>Bytes came in behind what the link has to send: those of a request too large to wait for its end, or raw ones.</summary>
    public void ExtendSend(BackendLink link)
    {
        if (Waiting.IsEmpty && ((IsRaw && link.SendEnd >= RawFrom) || (!link.InFlight.IsEmpty && link.InFlight.Newest.IsOpen)))
        {
            link.SendEnd = Buffer.Received;
        }
    }

    /// <summary>A lost change of state is answered now, and nothing behind it is executed any more.</summary>
    public void GiveUpWaiting()
    {
        HasLostChange = true;
        Waiting.GiveUpAll();
    }

    /// <summary>The oldest request has its reply.</summary>
    public void RemoveOldest(RequestQueue queue)
    {
        Buffer.ReleaseTo(Math.Min(queue.Oldest.End, Buffer.Received));
        queue.RemoveOldest();
    }

    /// <summary>The request's bytes, or nothing when they are not kept any more.</summary>
    public ReadOnlySpan<byte> BytesOf(in PendingRequest request) =>
        request.Start >= Buffer.Kept && !request.IsOpen ? Buffer.Contiguous(request.Start, request.End) : default;

    /// <summary>It waited at a backend, and will wait at another one for what is left of its time.</summary>
    public void Interrupt(in PendingRequest request)
    {
        if (_interrupted.End != request.End)
        {
            _interrupted = (request.End, request.WaitsSinceMs);
        }
    }

    /// <summary>Nothing waits, and has not for some time.</summary>
    private void ForgetDeadline() => _deadline = null;

    public void Clear()
    {
        _deadline?.Disarm();
        Buffer.ReleaseAll();
        Memory.GiveBack();
    }

    /// <summary>May a request that begins there be added to what the link has to send?</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool CanDispatch(BackendLink link, long start, CommandTraits traits) =>
        !link.IsRejecting && !link.IsSendBroken && _gate.Allows(traits)
        && (!link.HasUnsent || (start == link.SendEnd && !link.HasSubstitute));

    private void Dispatch(BackendLink link, in PendingRequest request)
    {
        if (!link.HasUnsent)
        {
            link.SentTo = request.Start;
        }

        ref PendingRequest added = ref link.InFlight.AddNewest(request);
        if (link.FollowsWrites && !link.HasWritten && request.Traits.Kind is CommandKind.Wait or CommandKind.WaitAof)
        {
            // On a new connection redis would say that all replicas have everything.
            added.Outcome = request.Traits.Kind == CommandKind.Wait ? Outcome.NoReplicas : Outcome.NoReplicasAof;
            _parts.WakeReplies();
            return;
        }

        link.HasWritten |= !request.Traits.IsResendable;
        link.SendEnd = SendEndOf(request);
        if (request.End == _interrupted.End)
        {
            link.Substitute(request, BlockingRequest.WithTimeLeft(BytesOf(request), _gate.Loop.NowMs - _interrupted.SinceMs));
        }
    }

    /// <summary>Something waits.</summary>
    public void ArmDeadline() => Deadline.Arm();

    /// <summary>Up to there bytes go with the request, as far as they are here.</summary>
    public long SendEndOf(in PendingRequest request) => request.IsOpen || request.End == RawFrom ? Buffer.Received : request.End;
}
