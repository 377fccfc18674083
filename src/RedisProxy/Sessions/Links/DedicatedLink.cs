using System.Net;

using RedisProxy.EventLoops;
using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>A link with a connection of the session's own.</summary>
internal sealed class DedicatedLink(LoopSocket socket, long generation, LedgerMemory memory)
    : BackendLink(generation, socket.Loop.NowMs, memory)
{
    private bool _isClean = true;

    public LoopSocket Socket => socket;

    /// <summary>Unrequested messages that arrived while the link was prepared. They precede everything that is received.</summary>
    public ReadOnlyMemory<byte> Said { get; set; }

    /// <summary>The names that its connection was given at the server, see <see cref="Identity.NamesKey"/>.</summary>
    public string Names { get; init; } = "";

    /// <summary>Nothing that was said on it concerns more than user, protocol, database and names.</summary>
    public bool IsClean => _isClean && (Common & CommandFlags.LeavesNothing) != 0;

    /// <summary>State was restored on it that another client must not inherit.</summary>
    public bool IsTainted
    {
        init => _isClean = !value;
    }

    /// <summary>Its session needed a connection of its own since the last look.</summary>
    public bool WasNeeded()
    {
        bool wasNeeded = (Common & CommandFlags.Shareable) == 0;
        _isClean = IsClean;
        Common = AllFlags;
        return wasNeeded;
    }

    public override bool IsReadable => !Said.IsEmpty || socket.IsReadable;

    public override bool IsPeerClosed => socket.IsPeerClosed;

    public override bool TakesMore => false;

    public override IPEndPoint? LocalAddress => socket.LocalAddress;

    public override bool IsReadableOr(Action<object?> resume, object state) => !Said.IsEmpty || socket.IsReadableOr(resume, state);

    public override bool IsWokenOr(Action<object?> resume, object state) => socket.IsWokenOr(resume, state);

    public override bool IsWritableOr(Action<object?> resume, object state) => socket.IsWritableOr(resume, state);

    public override void WakeReader() => socket.WakeReader();

    public override unsafe int TryReceive(byte* buffer, int length) =>
        Said.IsEmpty ? socket.TryReceive(buffer, length) : TakeSaid(buffer, length);

    public override unsafe int TrySend(RequestBuffer buffer)
    {
        byte* piece = NextPiece(buffer, out int length);
        if (piece is null)
        {
            return TrySendSubstitute();
        }

        int sent = socket.TrySend(piece, length);
        SentTo += Math.Max(0, sent);
        return sent;
    }

    public override int MsSinceReceived() => socket.MsSinceReceived();

    public override void ShutdownWrite() => socket.ShutdownWrite();

    public override void Close(bool abort = false)
    {
        if (abort)
        {
            socket.Abort();
        }
        else
        {
            socket.Close();
        }
    }

    private unsafe int TrySendSubstitute()
    {
        fixed (byte* start = SubstituteLeft)
        {
            int sent = socket.TrySend(start, SubstituteLeft.Length);
            if (sent > 0)
            {
                AdvanceSubstitute(sent);
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
