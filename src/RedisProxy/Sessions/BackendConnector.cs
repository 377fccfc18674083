using System.Buffers;

using RedisProxy.EventLoops;
using RedisProxy.Resp;
using RedisProxy.Topology;

namespace RedisProxy.Sessions;

/// <summary>
/// Opens a session's next link: connects to the master of the present topology and brings the new connection to the state of the old
/// one. The link is handed out only when every part of the state was confirmed; no request of the client passes before.
/// </summary>
internal static class BackendConnector
{
    private enum ReplayResult
    {
        Done,

        /// <summary>The connection broke, or the server is not ready; another attempt may succeed.</summary>
        Failed,

        /// <summary>The server does not take this state. Going on without it would be a lie.</summary>
        Refused,
    }

    /// <returns>Null when there is no link: the attempt failed, the topology has moved on, or the session has ended.</returns>
    public static async Task<BackendLink?> OpenAsync(Session session, LinkKeeper keeper)
    {
        TopologyView view = session.Gate.View;
        EventLoop loop = session.Loop;
        if (!Sockets.TryConnect(loop, view.Master!.Address, session.Settings.BackendTcp, out LoopSocket? socket, out _))
        {
            keeper.OnConnectFailed();
            return null;
        }

        keeper.Connecting = socket;
        var deadline = new LoopTimer(static socket => ((LoopSocket)socket).Abort(), socket);
        loop.Timers.Arm(deadline, loop.NowMs + session.Settings.ConnectTimeoutMs);
        await socket.WaitWritableAsync();
        ReplayResult result = socket.TakeError() == 0 ? ReplayResult.Done : ReplayResult.Failed;
        if (result == ReplayResult.Done && !session.State.IsDefault)
        {
            result = await ReplayAsync(session, socket);
        }

        loop.Timers.Disarm(deadline);
        keeper.Connecting = null;
        return Conclude(session, keeper, view, socket, result);
    }

    private static BackendLink? Conclude(
        Session session, LinkKeeper keeper, TopologyView view, LoopSocket socket, ReplayResult result)
    {
        bool isOutdated = session.IsEnded || session.Gate.View.Generation != view.Generation;
        if (result == ReplayResult.Done && !isOutdated && !socket.IsClosed)
        {
            return new BackendLink(socket, view.Generation);
        }

        socket.Abort();
        if (isOutdated)
        {
            return null;
        }

        if (result == ReplayResult.Refused)
        {
            session.End(EndCause.ReplayRefused);
        }
        else
        {
            keeper.OnConnectFailed();
        }

        return null;
    }

    private static async Task<ReplayResult> ReplayAsync(Session session, LoopSocket socket)
    {
        var requests = new ArrayBufferWriter<byte>();
        int owed = session.State.WriteReplay(requests);
        if (!TrySendAll(socket, requests.WrittenSpan))
        {
            return ReplayResult.Failed;
        }

        var replies = new ReplayReplies(owed);
        while (replies.Owed > 0)
        {
            await socket.WaitReadableAsync();
            ReplayResult result = ReceiveReplies(socket, ref replies);
            if (result != ReplayResult.Done)
            {
                return result;
            }
        }

        return ReplayResult.Done;
    }

    // A fresh connection's send buffer has room for a few hundred bytes; if it has not, the connection is of no use.
    private static unsafe bool TrySendAll(LoopSocket socket, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            return socket.TrySend(start, bytes.Length) == bytes.Length;
        }
    }

    private static unsafe ReplayResult ReceiveReplies(LoopSocket socket, ref ReplayReplies replies)
    {
        Slab slab = socket.Loop.Slabs.Rent(large: false);
        int received = socket.TryReceive(slab.Memory, slab.Capacity);
        ReplayResult result = received switch
        {
            > 0 => replies.Take(new ReadOnlySpan<byte>(slab.Memory, received)),
            SocketCalls.WouldBlock => ReplayResult.Done,
            _ => ReplayResult.Failed,
        };
        socket.Loop.Slabs.Return(slab);
        return result;
    }

    /// <summary>Counts the replies to a replay, in any chunking.</summary>
    private struct ReplayReplies(int owed)
    {
        private ReplyScanner _scanner;

        public int Owed { get; private set; } = owed;

        public ReplayResult Take(ReadOnlySpan<byte> input)
        {
            while (!input.IsEmpty)
            {
                ScanStatus status = _scanner.Scan(input, out int consumed);
                if (status == ScanStatus.Error || (status == ScanStatus.Complete && Owed == 0))
                {
                    return ReplayResult.Failed;
                }

                if (_scanner.IsError)
                {
                    return IsTransient(input) ? ReplayResult.Failed : ReplayResult.Refused;
                }

                if (status == ScanStatus.Complete && !_scanner.IsPush)
                {
                    Owed--;
                }

                input = input[consumed..];
            }

            return ReplayResult.Done;
        }

        private static bool IsTransient(ReadOnlySpan<byte> error) =>
            SyntheticReplies.Rejection(error) != Outcome.Forward || error.StartsWith("-ERR max number of clients"u8);
    }
}
