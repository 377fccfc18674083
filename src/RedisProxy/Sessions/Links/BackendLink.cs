using System.Diagnostics;

using RedisProxy.EventLoops;
using RedisProxy.Resp;
using RedisProxy.Topology;

namespace RedisProxy.Sessions;

/// <summary>
/// A connection to a master of one generation, and what it owes: the in-flight ledger. A link is used once; when it is lost or
/// superseded its session gets another one. One session uses it.
/// </summary>
internal sealed class BackendLink(LoopSocket socket, long generation, LedgerMemory memory)
{
    public const long NoWait = -1;

    // Where the bytes of a request begin and end in the client's stream, and what is still to be sent in their place.
    private (long Start, long End, ReadOnlyMemory<byte> Left) _substitute;

    public LoopSocket Socket => socket;

    /// <summary>Of the topology under which it was opened. When a higher one is announced, this link is fenced.</summary>
    public long Generation => generation;

    /// <summary>Of a replica listener: who serves it. Null for a master listener.</summary>
    public ReplicaTarget? Target { get; init; }

    /// <summary>On the loop's clock, in milliseconds.</summary>
    public long OpenedAtMs { get; } = socket.Loop.NowMs;

    /// <summary>Its session wrote to an earlier link, and replicas of this one may have nothing of that.</summary>
    public bool FollowsWrites { get; init; }

    /// <summary>Its server has said something on it already, so it is not one that it refuses.</summary>
    public bool IsAccepted { get; init; }

    /// <summary>What its server said while it was prepared, and was not asked for. It comes before all that is received.</summary>
    public ReadOnlyMemory<byte> Said { get; set; }

    /// <summary>Something that may have written was handed to it.</summary>
    public bool HasWritten { get; set; }

    /// <summary>It has answered at least one request.</summary>
    public bool HasReplied { get; set; }

    /// <summary>Requests that were handed to this link and have no reply yet, oldest first.</summary>
    public RequestQueue InFlight { get; } = new(memory);

    /// <summary>So many of the oldest in flight have been answered, but are kept because one of them was rejected.</summary>
    public int AnsweredInFlight { get; set; }

    /// <summary>Up to this offset of the client's stream the kernel has taken the bytes.</summary>
    public long SentTo { get; set; }

    /// <summary>Up to this offset they are to be sent now; they belong to the newest requests in flight.</summary>
    public long SendEnd { get; set; }

    /// <summary>One of the requests to be sent goes in other words. Nothing is added to those before it has gone.</summary>
    public bool HasSubstitute => !_substitute.Left.IsEmpty;

    public bool HasUnsent => SentTo < SendEnd;

    /// <summary>Sending failed. What it said before may still be read.</summary>
    public bool IsSendBroken { get; set; }

    /// <summary>It rejected a request because it is no master. Nothing more is sent; what it still owes is waited for.</summary>
    public bool IsRejecting { get; set; }

    /// <summary>While it rejects: its transaction, as of what it has answered.</summary>
    public TransactionState RejectingTransaction { get; set; }

    /// <summary>
    /// The end of the request whose wait the proxy itself has ordered to end, so that <c>-UNBLOCKED</c> in reply to it is not for the
    /// client; <see cref="NoWait"/>: none. See <see cref="BlockedWaits"/>.
    /// </summary>
    public long EndedWait { get; set; } = NoWait;

    /// <summary>Part of a reply or a message has been looked at and its end has not come.</summary>
    public bool IsMidReply { get; set; }

    /// <summary>What is <see cref="IsMidReply"/> is a message, and no reply.</summary>
    public bool IsMidMessage { get; set; }

    /// <summary>What is <see cref="IsMidReply"/> is not for the client, and nothing of it was relayed.</summary>
    public bool IsMidDropped { get; set; }

    /// <summary>The client has a part of a reply, and will not get the rest from another link.</summary>
    public bool IsTorn => IsMidReply && (IsMidMessage || (!IsRejecting && !IsMidDropped));

    /// <summary>Replies are relayed unread: the session has left the one-reply-for-one-request order.</summary>
    public bool IsRaw { get; set; }

    /// <summary>
    /// Must the backend learn at once that the client has finished? Else it learns when all replies are there: redis drops what it has
    /// not written yet when it sees the FIN. But a client that waits in BLPOP and goes away must not be served any more.
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

    /// <summary>A scanner is a value that changes as it reads; it lives here and is used in place.</summary>
    public ReplyScanner Scanner;

    /// <summary>A receive may give something.</summary>
    public bool IsReadable => !Said.IsEmpty || Socket.IsReadable;

    /// <summary>See <see cref="LoopSocket.IsReadableOr"/>.</summary>
    public bool IsReadableOr(Action<object?> resume, object state) => !Said.IsEmpty || Socket.IsReadableOr(resume, state);

    /// <summary>See <see cref="LoopSocket.TryReceive"/>.</summary>
    public unsafe int TryReceive(byte* buffer, int length) => Said.IsEmpty ? Socket.TryReceive(buffer, length) : TakeSaid(buffer, length);

    /// <summary>The newest request in flight, of which nothing is sent yet, goes in these words; empty: in its own.</summary>
    public void Substitute(in PendingRequest request, ReadOnlyMemory<byte> words)
    {
        Debug.Assert(!HasSubstitute && SentTo <= request.Start, "one at a time, and as a whole");
        _substitute = (request.Start, request.End, words);
    }

    /// <summary>A request is taken back, so nothing goes in its place.</summary>
    public void ForgetSubstitute(in PendingRequest request)
    {
        if (_substitute.End == request.End)
        {
            _substitute = default;
        }
    }

    /// <summary>Sends what is to be sent and lies in one piece.</summary>
    /// <returns>Bytes that the kernel took, or an error number (see <see cref="LoopSocket"/>).</returns>
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
                // Begun, and not at its end before all of it is sent: no request has less than two bytes.
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
