using System.Buffers;
using System.Net;
using System.Text;

using RedisProxy.EventLoops;
using RedisProxy.Resp;
using RedisProxy.Topology;

namespace RedisProxy.Sessions;

/// <summary>
/// A session on its way from one process to the next: everything that is not in its two sockets. It was stopped between two steps, so
/// that nothing is half done: what was received of the client and not answered is carried as bytes, and so is what was received of the
/// server and not passed on. The numbers of the enumerations in it, and the order of the fields, are those of <see cref="Version"/>;
/// another version is refused.
/// </summary>
internal sealed class CarriedSession
{
    /// <summary>To be raised with every change of the format. A stored sample of this version is read by a test.</summary>
    public const byte Version = 1;

    private readonly StateCodec _codec;
    private DedicatedLink? _link;

    // Offset of the first byte that belongs to no request yet.
    private long _rest;

    private CarriedSession(StateCodec codec) => _codec = codec;

    public MasterMark Master { get; private set; }

    /// <summary>As of a PROXY header; null: the socket knows it, or it has none.</summary>
    public IPEndPoint? PeerAddress { get; private set; }

    /// <summary>Writes a session that can be carried, see <see cref="SessionMoves"/>.</summary>
    /// <param name="session">Changes nothing in it.</param>
    /// <param name="link">Goes with it; null: it does without.</param>
    public static ReadOnlyMemory<byte> Write(Session session, DedicatedLink? link)
    {
        var output = new ArrayBufferWriter<byte>(1024);
        var carried = new CarriedSession(StateCodec.Writer(output))
        {
            Master = MasterMark.Of(session), PeerAddress = session.Client.PeerAddress,
        };
        carried.CarryHead();
        carried.Carry(session);
        carried.CarryLink(session, link);
        session.Requests.Intake.Carry(carried._codec);
        return output.WrittenMemory;
    }

    /// <exception cref="InvalidDataException">The input is no session of this version.</exception>
    public static CarriedSession Open(ReadOnlyMemory<byte> input)
    {
        var carried = new CarriedSession(StateCodec.Reader(input));
        carried.CarryHead();
        return carried;
    }

    /// <summary>Reads the state of the other session into a new one. Nothing happens yet.</summary>
    /// <param name="session">Just made.</param>
    /// <param name="backend">The socket of its link, if it has one.</param>
    /// <exception cref="InvalidDataException">The input is no session of this version.</exception>
    public void Read(Session session, LoopSocket? backend)
    {
        Carry(session);
        StateCodec.Require(_codec.Bool(false) == backend is not null, "a link without a connection, or the reverse");
        _link = backend is null ? null : ReadLink(session, backend);
        _rest = session.Requests.Intake.Carry(_codec);
        Check(session.Pipeline, _link, _rest);
        StateCodec.Require(_codec.IsAtEnd, "there is more than a session");
    }

    /// <summary>
    /// Before the session starts: it has its link, which is dropped at once if there is another master by now, and looks again at a
    /// request of which only a part has been received.
    /// </summary>
    public void Attach(Session session)
    {
        if (_link is { } link)
        {
            link.Target?.Enter();
            session.Attach(link);
            session.FenceIfSuperseded();
        }

        session.Pipeline.ArmDeadline();
        TakeRest(session, _rest);
    }

    private void CarryHead()
    {
        byte version = _codec.Byte(Version);
        StateCodec.Require(version == Version, $"it is of version {version}, and here {Version} is known");
        Master = Master.Carry(_codec);
        byte[] address = _codec.Bytes(Encoding.ASCII.GetBytes($"{PeerAddress}")).ToArray();
        PeerAddress = IPEndPoint.TryParse(Encoding.ASCII.GetString(address), out IPEndPoint? endpoint) ? endpoint : null;
    }

    private void Carry(Session session)
    {
        Pipeline pipeline = session.Pipeline;
        long nowMs = session.Loop.NowMs;
        session.StartedAtMs = nowMs - _codec.Int64(nowMs - session.StartedAtMs);
        session.Replies.SentBytes = _codec.Int64(session.Replies.SentBytes);
        session.OwesInvalidation = _codec.Bool(session.OwesInvalidation);
        session.HasWrittenBefore = _codec.Bool(session.HasWrittenBefore);
        StateCodec.Require(_codec.Bool(session.Access is not null) == session.Access is not null, "users log in elsewhere");
        session.Access?.Carry(_codec);
        session.State.Carry(_codec);
        StateCodec.Require(_codec.Bool(session.Sharing is not null) == session.Sharing is not null, "links are shared otherwise");
        session.Sharing?.Writes.Carry(_codec, Master.GenerationIn(session.Gate.View, out _));
        pipeline.Ahead = pipeline.Ahead.Carry(_codec);
        pipeline.Interrupted = (_codec.Int64(pipeline.Interrupted.End), nowMs - _codec.Int64(nowMs - pipeline.Interrupted.SinceMs));
        CarryBuffer(pipeline.Buffer);
        pipeline.Changes.Carry(_codec);
        pipeline.Waiting.Carry(_codec, session.Loop);
    }

    private void CarryBuffer(RequestBuffer buffer)
    {
        long kept = _codec.Int64(buffer.Kept);
        ReadOnlyMemory<byte> bytes = _codec.Bytes(
            buffer.KeptBytes > 0 ? buffer.Contiguous(buffer.Kept, buffer.Received).ToArray() : default(ReadOnlyMemory<byte>));
        if (_codec.IsReading)
        {
            StateCodec.Require(kept >= 0, "an offset is negative");
            buffer.BeginAt(kept);
            buffer.Add(bytes.Span);
        }
    }

    private void CarryLink(Session session, DedicatedLink? link)
    {
        if (!_codec.Bool(link is not null))
        {
            return;
        }

        Slab received = session.Replies.Reader.CopyUnread(link!, out _);
        byte[] unread = [.. received.Live, .. link!.Said.Span];
        session.Loop.Slabs.Return(received);
        _codec.Bool(link.FollowsWrites);
        _codec.Bool(link.IsClean);
        _codec.Bytes(Encoding.Latin1.GetBytes(link.Names));
        _codec.Bytes(unread);
        CarryUse(session, link);
    }

    private DedicatedLink ReadLink(Session session, LoopSocket backend)
    {
        long generation = Master.GenerationIn(session.Gate.View, out ReplicaTarget? target);
        bool followsWrites = _codec.Bool(false);
        bool isClean = _codec.Bool(false);
        string names = Encoding.Latin1.GetString(_codec.Bytes(default).Span);
        var link = new DedicatedLink(backend, generation, session.Pipeline.Memory)
        {
            Target = target,
            // At the earliest. What it was sent long ago has not waited for a master since.
            OpenedAtMs = session.StartedAtMs,
            InFlight = { KeepsWritesApart = session.Settings.Durable is not null },
            FollowsWrites = followsWrites,
            IsTainted = !isClean,
            IsAccepted = true,
            Names = names,
            Said = _codec.Bytes(default).ToArray(),
        };
        CarryUse(session, link);
        return link;
    }

    private void CarryUse(Session session, DedicatedLink link)
    {
        link.HasWritten = _codec.Bool(link.HasWritten);
        link.HasUnknown = _codec.Bool(link.HasUnknown);
        link.HasReplied = _codec.Bool(link.HasReplied);
        link.Common = (CommandFlags)_codec.Byte((byte)link.Common);
        link.SentTo = _codec.Int64(link.SentTo);
        link.SendEnd = _codec.Int64(link.SendEnd);
        link.InFlight.Carry(_codec, session.Loop);
    }

    // What is relied on by code that has made it itself, and must not run into an end that is not there.
    private static void Check(Pipeline pipeline, DedicatedLink? link, long rest)
    {
        RequestBuffer buffer = pipeline.Buffer;
        int changes = 0;
        long start = 0;
        RequestQueue[] queues = link is null ? [pipeline.Waiting] : [link.InFlight, pipeline.Waiting];
        foreach (RequestQueue queue in queues)
        {
            for (int i = 0; i < queue.Count; i++)
            {
                ref PendingRequest request = ref queue[i];
                changes += request.HasChange ? 1 : 0;
                StateCodec.Require(request.Start >= start && request.End > request.Start, "requests are out of order");
                StateCodec.Require(request.More >= 0, "there are fewer than no requests");
                StateCodec.Require(request.End <= rest, "a request ends behind what was received");
                StateCodec.Require(queue != pipeline.Waiting || request.IsProxyReply || request.Start >= buffer.Kept, "a request is lost");
                start = request.End;
            }
        }

        StateCodec.Require(changes == pipeline.Changes.Count, "changes do not belong to requests");
        StateCodec.Require(rest >= buffer.Kept && rest <= buffer.Received, "an offset is wrong");
        StateCodec.Require(
            link is null || (link.SentTo <= link.SendEnd && link.SendEnd <= rest && (!link.HasUnsent || link.SentTo >= buffer.Kept)),
            "what was sent is wrong");
    }

    private static unsafe void TakeRest(Session session, long from)
    {
        RequestBuffer buffer = session.Pipeline.Buffer;
        while (from < buffer.Received && !session.IsEnded)
        {
            byte* piece = buffer.PieceAt(from, buffer.Received, out int length);
            from += length;
            session.Requests.Intake.Take(new ReadOnlySpan<byte>(piece, length));
        }
    }
}
