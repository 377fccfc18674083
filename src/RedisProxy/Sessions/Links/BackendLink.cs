using System.Diagnostics;
using System.Net;
using System.Runtime.CompilerServices;

using RedisProxy.EventLoops;
using RedisProxy.Resp;
using RedisProxy.Topology;

namespace RedisProxy.Sessions;

/// <summary>
/// A session's way to a master of one generation, and its in-flight ledger: what the master owes. When it is lost or superseded, the
/// session gets another. Behind it is a connection of the session's own (<see cref="DedicatedLink"/>), or a share of one
/// (<see cref="Lane"/>); the rules of the contract do not know which.
/// </summary>
/// <param name="generation">See <see cref="Generation"/>.</param>
/// <param name="nowMs">On the loop's clock.</param>
/// <param name="memory">Of the session.</param>
internal abstract class BackendLink(long generation, long nowMs, LedgerMemory memory)
{
    public const long NoWait = -1;

    /// <summary>Value of <see cref="Common"/> before the first request.</summary>
    public const CommandFlags AllFlags = (CommandFlags)byte.MaxValue;

    // Begin and end of the replaced request in the client's stream, and the part of its substitute still to be sent.
    private (long Start, long End, ReadOnlyMemory<byte> Left) _substitute;

    /// <summary>Generation of the topology under which it was opened. A newer one fences this link.</summary>
    public long Generation => generation;

    /// <summary>The replica behind a replica listener's link. Null for a master listener.</summary>
    public ReplicaTarget? Target { get; init; }

    /// <summary>On the loop's clock, in milliseconds.</summary>
    public long OpenedAtMs { get; init; } = nowMs;

    /// <summary>Its session wrote to an earlier link, and replicas of this one may lack those writes.</summary>
    public bool FollowsWrites { get; init; }

    /// <summary>The server has already answered on it, so it is not refusing the connection.</summary>
    public bool IsAccepted { get; init; }

    /// <summary>A request that may write was handed to it.</summary>
    public bool HasWritten { get; set; }

    /// <summary>Flags that all requests handed to it have in common, since they were last looked at.</summary>
    public CommandFlags Common { get; set; } = AllFlags;

    /// <summary>A request was handed to it of which it is not known what it leaves on its connection.</summary>
    public bool HasUnknown { get; set; }

    /// <summary>It has answered at least one request.</summary>
    public bool HasReplied { get; set; }

    /// <summary>Requests handed to this link and not answered yet, oldest first.</summary>
    public RequestQueue InFlight { get; } = new(memory);

    /// <summary>How many of the oldest in flight have been answered, but are kept because one of them was rejected.</summary>
    public int AnsweredInFlight { get; set; }

    /// <summary>Offset in the client's stream up to which the kernel has taken the bytes.</summary>
    public long SentTo { get; set; }

    /// <summary>Offset up to which they are to be sent now; the bytes belong to the newest requests in flight.</summary>
    public long SendEnd { get; set; }

    /// <summary>One of the requests to be sent is replaced by other bytes. Until those are sent, nothing is added.</summary>
    public bool HasSubstitute => !_substitute.Left.IsEmpty;

    public bool HasUnsent => SentTo < SendEnd;

    /// <summary>Sending failed. Replies sent before that can still be read.</summary>
    public bool IsSendBroken { get; set; }

    /// <summary>It rejected a request because it is not a master. Nothing more is sent; the replies it still owes are awaited.</summary>
    public bool IsRejecting { get; set; }

    /// <summary>While it rejects: the state of its transaction as of its replies so far.</summary>
    public TransactionState RejectingTransaction { get; set; }

    /// <summary>
    /// End of the request whose wait the proxy has ordered to end, so that <c>-UNBLOCKED</c> in reply to it is not for the client;
    /// <see cref="NoWait"/>: none. See <see cref="BlockedWaits"/>.
    /// </summary>
    public long EndedWait { get; set; } = NoWait;

    /// <summary>Part of a reply or message has been scanned, and its end has not arrived.</summary>
    public bool IsMidReply { get; set; }

    /// <summary>Bytes of the reply that were relayed, or dropped, before its end was there.</summary>
    public long RelayedOfReply { get; set; }

    /// <summary>A whole reply, or message, has been read.</summary>
    public void EndReply()
    {
        IsMidReply = false;
        RelayedOfReply = 0;
    }

    /// <summary>With <see cref="IsMidReply"/>: it is a message, not a reply.</summary>
    public bool IsMidMessage { get; set; }

    /// <summary>With <see cref="IsMidReply"/>: it is not for the client, and no part of it was relayed.</summary>
    public bool IsMidDropped { get; set; }

    /// <summary>The client has part of a reply, and will not get the rest from another link.</summary>
    public bool IsTorn => IsMidReply && (IsMidMessage || (!IsRejecting && !IsMidDropped));

    /// <summary>Nothing of the proxy's own may go to the client now: the link rejects, or a message has been relayed in part.</summary>
    public bool HoldsProxyReplies => IsRejecting || (IsMidReply && IsMidMessage);

    /// <summary>Replies are relayed unread: the session no longer follows one reply per request.</summary>
    public bool IsRaw { get; set; }

    /// <summary>
    /// Must the backend learn at once that the client has finished? Otherwise it learns when all replies have arrived: on a FIN, redis
    /// discards output it has not written yet. But a client that left during a BLPOP must not be served any more.
    /// </summary>
    public bool MustKnowEndOfClient
    {
        get
        {
            bool must = false;
            for (int i = 0; i < InFlight.Count && !must; i++)
            {
                must = InFlight[i].Traits.IsBlocking || InFlight[i].IsOpen;
            }

            return must;
        }
    }

    /// <summary>The server closes it because its client asked for that, and owes nothing but what it has sent.</summary>
    public bool EndsByQuit => !InFlight.IsEmpty && InFlight.Newest.Traits.Kind == CommandKind.Quit;

    /// <summary>A mutable struct: it lives here and is used in place.</summary>
    public ReplyScanner Scanner;

    /// <summary>Only requests whose commands have all of these flags may be sent on it.</summary>
    public CommandFlags Demands { get; protected init; }

    /// <summary>Larger requests are not sent on it.</summary>
    public int MaxRequestBytes { get; protected init; } = int.MaxValue;

    /// <summary>It is shared with other sessions.</summary>
    public bool IsShared => Demands != CommandFlags.None;

    /// <summary>Nothing more is added to it: its session gets another one as soon as nothing is in flight.</summary>
    public bool IsLeaving { get; set; }

    /// <summary>
    /// Of a shared one: the change by which its session takes on its identity, if the server agrees; null: the session has that identity.
    /// </summary>
    public StateChange? Expected { get; set; }

    /// <summary>Offset in the client's stream up to which bytes have to follow what was sent: others share the connection.</summary>
    public virtual long CommittedTo => SentTo;

    /// <summary>A receive may return bytes.</summary>
    public abstract bool IsReadable { get; }

    /// <summary>The server has closed the connection, or it is broken. There may still be bytes to receive.</summary>
    public abstract bool IsPeerClosed { get; }

    /// <summary>What is not sent yet need not keep the session from receiving more of its client.</summary>
    public abstract bool TakesMore { get; }

    /// <summary>Bytes of replies that it keeps for its session.</summary>
    public virtual long KeptBytes => 0;

    /// <summary>The proxy's side of a connection of its own; null: unknown, or shared.</summary>
    public abstract IPEndPoint? LocalAddress { get; }

    /// <summary>See <see cref="LoopSocket.IsReadableOr"/>.</summary>
    public abstract bool IsReadableOr(Action<object?> resume, object state);

    /// <summary>See <see cref="LoopSocket.IsWokenOr"/>.</summary>
    public abstract bool IsWokenOr(Action<object?> resume, object state);

    /// <summary>See <see cref="LoopSocket.IsWritableOr"/>.</summary>
    public abstract bool IsWritableOr(Action<object?> resume, object state);

    /// <summary>See <see cref="LoopSocket.WakeReader"/>.</summary>
    public abstract void WakeReader();

    /// <summary>See <see cref="LoopSocket.TryReceive"/>.</summary>
    public abstract unsafe int TryReceive(byte* buffer, int length);

    /// <summary>Sends the next contiguous piece of what is to be sent.</summary>
    /// <returns>Bytes taken by the kernel, or an error number (see <see cref="LoopSocket"/>).</returns>
    public abstract int TrySend(RequestBuffer buffer);

    /// <summary>See <see cref="LoopSocket.MsSinceReceived"/>.</summary>
    public abstract int MsSinceReceived();

    /// <summary>The client sends no more.</summary>
    public abstract void ShutdownWrite();

    /// <summary>Its session does without it.</summary>
    /// <param name="abort">A connection of its own is reset.</param>
    public abstract void Close(bool abort = false);

    /// <summary>May such a request be sent on it?</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Carries(CommandTraits traits, long bytes) => (traits.Flags & Demands) == Demands && bytes <= MaxRequestBytes;

    /// <summary>Replaces the newest request in flight, of which nothing is sent yet, by these bytes; empty: sends it as it is.</summary>
    public void Substitute(in PendingRequest request, ReadOnlyMemory<byte> words)
    {
        Debug.Assert(!HasSubstitute && SentTo <= request.Start, "one at a time, and before any byte is sent");
        _substitute = (request.Start, request.End, words);
    }

    /// <summary>A request was requeued, so its substitute is void.</summary>
    public void ForgetSubstitute(in PendingRequest request)
    {
        if (_substitute.End == request.End)
        {
            _substitute = default;
        }
    }

    /// <summary>The next contiguous piece of what is to be sent, from the client's stream.</summary>
    /// <returns>Null: a substitute is next, see <see cref="SubstituteLeft"/>.</returns>
    protected unsafe byte* NextPiece(RequestBuffer buffer, out int length)
    {
        length = 0;
        return HasSubstitute && SentTo >= _substitute.Start
            ? null
            : buffer.PieceAt(SentTo, HasSubstitute ? _substitute.Start : SendEnd, out length);
    }

    protected ReadOnlySpan<byte> SubstituteLeft => _substitute.Left.Span;

    /// <summary>So many bytes of the substitute were sent.</summary>
    protected void AdvanceSubstitute(int sent)
    {
        // Past the request's start, but not at its end before the whole substitute is sent: no request is shorter than two bytes.
        _substitute.Left = _substitute.Left[sent..];
        SentTo = HasSubstitute ? _substitute.End - 1 : _substitute.End;
    }
}
