using RedisProxy.EventLoops;
using RedisProxy.Resp;
using RedisProxy.Topology;

namespace RedisProxy.Sessions;

/// <summary>
/// A connection to a master of one generation, and what it owes: the in-flight ledger. A link is used once; when it is lost or
/// superseded its session gets another one. Today one session uses it (see <see cref="Session.Attach"/>); the ledger's entries name
/// their session, so that several could.
/// </summary>
internal sealed class BackendLink(LoopSocket socket, long generation)
{
    public const long NoWait = -1;

    public LoopSocket Socket => socket;

    /// <summary>Of the topology under which it was opened. When a higher one is announced, this link is fenced.</summary>
    public long Generation => generation;

    /// <summary>Of a replica listener: who serves it. Null for a master listener.</summary>
    public ReplicaTarget? Target { get; init; }

    /// <summary>On the loop's clock, in milliseconds.</summary>
    public long OpenedAtMs { get; } = socket.Loop.NowMs;

    /// <summary>Its session wrote to an earlier link, and replicas of this one may have nothing of that.</summary>
    public bool FollowsWrites { get; init; }

    /// <summary>Something that may have written was handed to it.</summary>
    public bool HasWritten { get; set; }

    /// <summary>It has answered at least one request.</summary>
    public bool HasReplied { get; set; }

    /// <summary>Requests that were handed to this link and have no reply yet, oldest first.</summary>
    public RequestQueue InFlight { get; } = new();

    /// <summary>So many of the oldest in flight have been answered, but are kept because one of them was rejected.</summary>
    public int AnsweredInFlight { get; set; }

    /// <summary>Up to this offset of the client's stream the kernel has taken the bytes.</summary>
    public long SentTo { get; set; }

    /// <summary>Up to this offset they are to be sent now; they belong to the newest requests in flight.</summary>
    public long SendEnd { get; set; }

    /// <summary>
    /// To be sent instead of the bytes that the oldest unsent request has in the buffer; empty: nothing. Until it is sent whole,
    /// <see cref="SentTo"/> stands before the end of that request.
    /// </summary>
    public ReadOnlyMemory<byte> Substitute { get; set; }

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

    /// <summary>Part of a reply has been relayed and its end has not come.</summary>
    public bool IsMidReply { get; set; }

    /// <summary>What is <see cref="IsMidReply"/> is a message to a subscriber.</summary>
    public bool IsMidMessage { get; set; }

    /// <summary>What is <see cref="IsMidReply"/> is not for the client, and nothing of it was relayed.</summary>
    public bool IsMidDropped { get; set; }

    /// <summary>The client has a part of a reply, and will not get the rest from another link.</summary>
    public bool IsTorn => IsMidReply && !IsRejecting && !IsMidDropped;

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

    /// <summary>Sends what is to be sent and lies in one piece.</summary>
    /// <returns>Bytes that the kernel took, or an error number (see <see cref="LoopSocket"/>).</returns>
    public unsafe int TrySend(RequestBuffer buffer)
    {
        if (!Substitute.IsEmpty)
        {
            return TrySendSubstitute();
        }

        byte* piece = buffer.PieceAt(SentTo, SendEnd, out int length);
        int sent = Socket.TrySend(piece, length);
        SentTo += Math.Max(0, sent);
        return sent;
    }

    private unsafe int TrySendSubstitute()
    {
        fixed (byte* start = Substitute.Span)
        {
            int sent = Socket.TrySend(start, Substitute.Length);
            if (sent > 0)
            {
                // It is all that is to be sent until it is, so its request ends where the sending does.
                Substitute = Substitute[sent..];
                SentTo = Substitute.IsEmpty ? SendEnd : SendEnd - 1;
            }

            return sent;
        }
    }
}
