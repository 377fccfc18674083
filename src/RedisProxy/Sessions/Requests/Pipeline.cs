using System.Diagnostics;
using System.Runtime.CompilerServices;

using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>
/// A session's requests in the order of the client's stream, from their scan to their reply. Each is in exactly one of two queues: in
/// flight on the link, or <see cref="Waiting"/> behind those. Order is kept by construction: requests only move between the end of
/// the first and the beginning of the second.
/// </summary>
internal sealed class Pipeline
{
    private const long NoOffset = -1;

    private readonly ISessionParts _parts;
    private readonly Gate _gate;
    private HoldDeadline? _deadline;
    private LossCount? _losses;

    public Pipeline(ISessionParts parts, Gate gate)
    {
        _parts = parts;
        _gate = gate;
        Buffer = new RequestBuffer(gate.Loop.Slabs);
        Memory = new LedgerMemory(gate.Loop.Slabs);
        Waiting = new RequestQueue(Memory);
        Changes = new ChangeQueue(Memory);
    }

    /// <summary>The link that owes the replies in flight; null if there is none.</summary>
    public BackendLink? Link { get; set; }

    /// <summary>Counts requests that were lost with links and are sent again.</summary>
    public LossCount Losses => _losses ??= new LossCount();

    /// <summary>The bytes of requests that may have to be sent, or sent again.</summary>
    public RequestBuffer Buffer { get; }

    /// <summary>Requests that no link has taken yet, and the proxy replies among them.</summary>
    public RequestQueue Waiting { get; }

    public ChangeQueue Changes { get; }

    public LedgerMemory Memory { get; }

    /// <summary>State of MULTI and WATCH once everything received so far is answered.</summary>
    public TransactionState Ahead { get; set; }

    /// <summary>
    /// The client has been told, or is about to be, that a change of its connection's state is lost. Everything it sent behind that is
    /// answered, and the session ends: it is unknowable whether the client sends its next request before or after learning of the loss.
    /// </summary>
    public bool HasLostChange { get; private set; }

    /// <summary>The next waiting request must not be sent now, with or without a link.</summary>
    public bool IsHeld => !Waiting.IsEmpty && Waiting.Oldest is { IsProxyReply: false } oldest && !_gate.IsOpenFor(oldest.Traits);

    /// <summary>Offset from which bytes are unframed, because of an earlier request such as SUBSCRIBE; -1: none.</summary>
    public long RawFrom { get; private set; } = NoOffset;

    /// <summary>The reply to bytes that are not a request; empty if the connection is closed without a reply.</summary>
    public byte[] RefusalText { get; set; } = [];

    public bool IsRaw => RawFrom != NoOffset;

    /// <summary>A request continues a wait that it began at another backend.</summary>
    public bool HasInterrupted => Interrupted.End > Buffer.Kept;

    /// <summary>End of the request that has waited at a backend, and since when.</summary>
    public (long End, long SinceMs) Interrupted { get; set; } = (NoOffset, 0);

    // Exists only while something waits, or has recently.
    private HoldDeadline Deadline => _deadline ??= new HoldDeadline(Waiting, _gate, _parts, () => _deadline = null)
    {
        IsQueued = () => (TakesTurns || Waiting is { IsEmpty: false, Oldest.Traits.GoesAlone: true })
            && _gate.AllowsAll && Link is { InFlight.IsEmpty: false },
    };

    /// <summary>Requests may have to wait for the replies to earlier ones, because they need another link.</summary>
    public bool TakesTurns { get; init; }

    /// <summary>Unframed bytes were sent to the link.</summary>
    public bool HasSentRaw(BackendLink link) => IsRaw && link.SentTo >= RawFrom;

    public int Count => Waiting.Count + (Link?.InFlight.Count ?? 0);

    /// <summary>The queue with the oldest request, if there is any.</summary>
    public RequestQueue OldestQueue => Link is { InFlight.IsEmpty: false } link ? link.InFlight : Waiting;

    /// <summary>The client's next reply is a proxy reply.</summary>
    public bool IsProxyReplyDue
    {
        get
        {
            // While a link rejects, the fate of its requests is decided for all of them together.
            RequestQueue queue = OldestQueue;
            return !queue.IsEmpty && queue.Oldest.IsProxyReply && !queue.Oldest.IsOpen && Link is not { HoldsProxyReplies: true };
        }
    }

    /// <summary>Accounts for the next request. True: its transaction is completed locally, so it never reaches a backend.</summary>
    public bool Follow(CommandKind kind, ref Outcome outcome)
    {
        if (outcome != Outcome.Forward || (kind == CommandKind.Plain && !Ahead.IsCompletedLocally))
        {
            return false;
        }

        (outcome, Ahead) = Ahead.Next(kind);
        return outcome != Outcome.Forward;
    }

    /// <summary>Dispatches a scanned request to the link if it may go and nothing is before it; otherwise it waits.</summary>
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

        if (Waiting.IsEmpty && !request.IsProxyReply && Link is { } link && CanDispatch(link, request.Start, request.Traits)
            && (!link.IsShared || ShareableRequests.GoesAtOnce(link, request, change)))
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

    /// <summary>The incomplete request is complete now.</summary>
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
    /// Dispatches as many waiting requests as may go and are contiguous with the link's unsent bytes. A lost change of state stays in place
    /// until it is answered, so that nothing passes it.
    /// </summary>
    public void DispatchWaiting(BackendLink link)
    {
        int together = 0;
        while (!Waiting.IsEmpty)
        {
            ref PendingRequest oldest = ref Waiting.Oldest;
            bool mustStay = oldest.IsProxyReply
                ? oldest.IsOpen || oldest.IsLostChange || link.IsRejecting
                : !CanDispatch(link, oldest.Start, oldest.Traits)
                    || (link.IsShared && !ShareableRequests.MayGo(Waiting, Changes, link, _gate, ref together));
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
                HoldDeadline.CountWait(_gate, _parts.Counters, ref oldest);
                Dispatch(link, oldest);
            }

            Waiting.RemoveOldest();
        }

        Waiting.Release();
    }

    /// <summary>Adds bytes just received to what the link has to send: of a request forwarded as it arrives, or unframed ones.</summary>
    public void ExtendSend(BackendLink link)
    {
        if (Waiting.IsEmpty && ((IsRaw && link.SendEnd >= RawFrom) || (!link.InFlight.IsEmpty && link.InFlight.Newest.IsOpen)))
        {
            link.SendEnd = Buffer.Received;
        }
    }

    /// <summary>Releases the oldest of what a link has sent, beyond what is kept to be sent again.</summary>
    public void TrimSent(BackendLink link)
    {
        // Where sending broke, a request that was sent in part must stay: it is sent again from its start.
        if (!link.HasUnsent)
        {
            Buffer.Trim(link.SentTo, _parts.Settings.MaxReplayBytes);
            link.InFlight.GoneTo = Buffer.Kept;
        }
    }

    /// <summary>A lost change of state is answered now, and no request behind it is executed any more.</summary>
    public void GiveUpWaiting()
    {
        HasLostChange = true;
        Waiting.GiveUpAll();
    }

    /// <summary>The oldest request has been answered.</summary>
    public void RetireOldest(RequestQueue queue)
    {
        Buffer.ReleaseTo(Math.Min(queue.Oldest.End, Buffer.Received));
        queue.RetireOldest();
    }

    /// <summary>The request's bytes; empty if they are not kept any more.</summary>
    public ReadOnlySpan<byte> BytesOf(in PendingRequest request) =>
        request.Start >= Buffer.Kept && !request.IsOpen ? Buffer.Contiguous(request.Start, request.End) : default;

    /// <summary>It waited at a backend, and will wait at another one for the rest of its time.</summary>
    public void Interrupt(in PendingRequest request)
    {
        if (Interrupted.End != request.End)
        {
            Interrupted = (request.End, request.WaitsSinceMs);
        }
    }

    public void Clear()
    {
        _deadline?.Disarm();
        Buffer.ReleaseAll();
        Memory.GiveBack();
    }

    /// <summary>May a request that begins at this offset be added to what the link has to send?</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool CanDispatch(BackendLink link, long start, CommandTraits traits) =>
        !link.IsRejecting && !link.IsSendBroken && !link.IsLeaving && _gate.Allows(traits)
        && (!traits.GoesAlone || link.InFlight.IsEmpty)
        && (!link.HasUnsent || (start == link.SendEnd && !link.HasSubstitute));

    private void Dispatch(BackendLink link, in PendingRequest request)
    {
        if (!link.HasUnsent)
        {
            link.SentTo = link.SendEnd = request.Start;
        }

        ref PendingRequest added = ref link.InFlight.AddNewest(request);
        added.DispatchedUs = (uint)_gate.Loop.NowUs;
        if (link.FollowsWrites && !link.HasWritten && request.Traits.Kind is CommandKind.Wait or CommandKind.WaitAof)
        {
            // On a new connection, redis would report that all replicas have everything.
            added.Outcome = request.Traits.Kind == CommandKind.Wait ? Outcome.NoReplicas : Outcome.NoReplicasAof;
            _parts.WakeReplies();
            return;
        }

        link.HasWritten |= !request.Traits.IsResendable;
        link.HasUnknown |= request.Traits.Kind == CommandKind.Plain && (request.Traits.Flags & CommandFlags.LeavesNothing) == 0;
        link.Common &= request.Traits.Flags;
        link.SendEnd = SendEndOf(request);
        if (request.End == Interrupted.End)
        {
            link.Substitute(request, BlockingRequest.WithTimeLeft(BytesOf(request), _gate.Loop.NowMs - Interrupted.SinceMs));
        }
    }

    /// <summary>A request has begun to wait.</summary>
    public void ArmDeadline() => Deadline.Arm();

    /// <summary>End of the received bytes that are sent with the request.</summary>
    public long SendEndOf(in PendingRequest request) => request.IsOpen || request.End == RawFrom ? Buffer.Received : request.End;
}
