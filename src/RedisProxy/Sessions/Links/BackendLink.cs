using System.Diagnostics;

using RedisProxy.EventLoops;
using RedisProxy.Resp;
using RedisProxy.Topology;

namespace RedisProxy.Sessions;

/// <summary>
/// A connection to a master of one generation, and the in-flight ledger: what the master owes. A link is used once; when it is lost or
/// superseded, its session gets another. It belongs to one session.
/// </summary>
internal sealed class BackendLink(LoopSocket socket, long generation, LedgerMemory memory)
{
    public const long NoWait = -1;

    // Begin and end of the replaced request in the client's stream, and the part of its substitute still to be sent.
    private (long Start, long End, ReadOnlyMemory<byte> Left) _substitute;

    public LoopSocket Socket => socket;

    /// <summary>Generation of the topology under which it was opened. A newer one fences this link.</summary>
    public long Generation => generation;

    /// <summary>The replica behind a replica listener's link. Null for a master listener.</summary>
    public ReplicaTarget? Target { get; init; }

    /// <summary>On the loop's clock, in milliseconds.</summary>
    public long OpenedAtMs { get; } = socket.Loop.NowMs;

    /// <summary>Its session wrote to an earlier link, and replicas of this one may lack those writes.</summary>
    public bool FollowsWrites { get; init; }

    /// <summary>The server has already answered on it, so it is not refusing the connection.</summary>
    public bool IsAccepted { get; init; }

    /// <summary>Unrequested messages that arrived while the link was prepared. They precede everything that is received.</summary>
    public ReadOnlyMemory<byte> Said { get; set; }

    /// <summary>A request that may write was handed to it.</summary>
    public bool HasWritten { get; set; }

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

    /// <summary>With <see cref="IsMidReply"/>: it is a message, not a reply.</summary>
    public bool IsMidMessage { get; set; }

    /// <summary>With <see cref="IsMidReply"/>: it is not for the client, and no part of it was relayed.</summary>
    public bool IsMidDropped { get; set; }

    /// <summary>The client has part of a reply, and will not get the rest from another link.</summary>
    public bool IsTorn => IsMidReply && (IsMidMessage || (!IsRejecting && !IsMidDropped));

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

    /// <summary>A mutable struct: it lives here and is used in place.</summary>
    public ReplyScanner Scanner;

    /// <summary>A receive may return bytes.</summary>
    public bool IsReadable => !Said.IsEmpty || Socket.IsReadable;

    /// <summary>See <see cref="LoopSocket.IsReadableOr"/>.</summary>
    public bool IsReadableOr(Action<object?> resume, object state) => !Said.IsEmpty || Socket.IsReadableOr(resume, state);

    /// <summary>See <see cref="LoopSocket.TryReceive"/>.</summary>
    public unsafe int TryReceive(byte* buffer, int length) => Said.IsEmpty ? Socket.TryReceive(buffer, length) : TakeSaid(buffer, length);

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

    /// <summary>Sends the next contiguous piece of what is to be sent.</summary>
    /// <returns>Bytes taken by the kernel, or an error number (see <see cref="LoopSocket"/>).</returns>
    public unsafe int TrySend(RequestBuffer buffer)
    {
        long end = SendEnd;
        if (HasSubstitute)
        {
            if (SentTo >= _substitute.Start)
            {
                return TrySendSubstitute();
            }

            end = _substitute.Start;
        }

        byte* piece = buffer.PieceAt(SentTo, end, out int length);
        int sent = Socket.TrySend(piece, length);
        SentTo += Math.Max(0, sent);
        return sent;
    }

    private unsafe int TrySendSubstitute()
    {
        fixed (byte* start = _substitute.Left.Span)
        {
            int sent = Socket.TrySend(start, _substitute.Left.Length);
            if (sent > 0)
            {
                // Past the request's start, but not at its end before the whole substitute is sent: no request is shorter than two bytes.
                _substitute.Left = _substitute.Left[sent..];
                SentTo = HasSubstitute ? _substitute.End - 1 : _substitute.End;
            }

            return sent;
        }
    }

    private unsafe int TakeSaid(byte* buffer, int length)
    {
        int taken = Math.Min(length, Said.Length);
        Said.Span[..taken].CopyTo(new Span<byte>(buffer, taken));
        Said = taken == Said.Length ? default : Said[taken..];
        return taken;
    }
}
