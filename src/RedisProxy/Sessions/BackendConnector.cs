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
        int version = session.State.Version;
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
        if (result == ReplayResult.Done && StateReplay.Of(session.State) is { } replay)
        {
            result = await ReplayAsync(socket, replay);
        }

        loop.Timers.Disarm(deadline);
        keeper.Connecting = null;
        bool isOutdated = session.IsEnded || session.Gate.View.Generation != view.Generation || session.State.Version != version;
        return Conclude(session, keeper, socket, result, isOutdated, view.Generation);
    }

    private static BackendLink? Conclude(
        Session session, LinkKeeper keeper, LoopSocket socket, ReplayResult result, bool isOutdated, long generation)
    {
        if (result == ReplayResult.Done && !isOutdated && !socket.IsClosed)
        {
            return new BackendLink(socket, generation) { FollowsWrites = session.HasWrittenBefore };
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

    private static async Task<ReplayResult> ReplayAsync(LoopSocket socket, StateReplay replay)
    {
        ReplayResult result = await AskAsync(socket, replay.Requests, new ReplayReplies(replay.RepliesOwed, mustSucceed: true));
        return result == ReplayResult.Done && replay.Queue is { Count: > 0 } queue
            ? await AskAsync(socket, queue.Requests, new ReplayReplies(queue.Count, mustSucceed: false))
            : result;
    }

    private static async Task<ReplayResult> AskAsync(LoopSocket socket, ReadOnlyMemory<byte> requests, ReplayReplies replies)
    {
        while (!requests.IsEmpty)
        {
            int sent = TrySend(socket, requests.Span);
            if (sent == SocketCalls.WouldBlock)
            {
                await socket.WaitWritableAsync();
            }
            else if (sent < 0)
            {
                return ReplayResult.Failed;
            }

            requests = requests[Math.Max(0, sent)..];
        }

        return await ReceiveRepliesAsync(socket, replies);
    }

    private static unsafe int TrySend(LoopSocket socket, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            return socket.TrySend(start, bytes.Length);
        }
    }

    private static async Task<ReplayResult> ReceiveRepliesAsync(LoopSocket socket, ReplayReplies replies)
    {
        var result = ReplayResult.Done;
        while (replies.Owed > 0 && result == ReplayResult.Done)
        {
            await socket.WaitReadableAsync();
            result = ReceiveReplies(socket, replies);
        }

        return result;
    }

    private static unsafe ReplayResult ReceiveReplies(LoopSocket socket, ReplayReplies replies)
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
    /// <param name="owed">Replies to come.</param>
    /// <param name="mustSucceed">None of them may be an error.</param>
    private sealed class ReplayReplies(int owed, bool mustSucceed)
    {
        // Enough to tell an error's code and a message's kind.
        private const int HeadBytes = 64;

        private readonly byte[] _head = new byte[HeadBytes];
        private ReplyScanner _scanner;
        private int _headLength;

        public int Owed { get; private set; } = owed;

        public ReplayResult Take(ReadOnlySpan<byte> input)
        {
            while (!input.IsEmpty)
            {
                ScanStatus status = _scanner.Scan(input, out int consumed);
                int kept = Math.Min(consumed, HeadBytes - _headLength);
                input[..kept].CopyTo(_head.AsSpan(_headLength));
                _headLength += kept;
                input = input[consumed..];
                if (status == ScanStatus.Error)
                {
                    return ReplayResult.Failed;
                }

                if (status == ScanStatus.Complete && Judge(_head.AsSpan(0, _headLength)) is var verdict && verdict != ReplayResult.Done)
                {
                    return verdict;
                }
            }

            return ReplayResult.Done;
        }

        private ReplayResult Judge(ReadOnlySpan<byte> head)
        {
            _headLength = 0;
            bool isTransient = SyntheticReplies.Rejection(head) != Outcome.Forward || head.StartsWith("-ERR max number of clients"u8);
            if (_scanner.IsError && (mustSucceed || isTransient))
            {
                return isTransient ? ReplayResult.Failed : ReplayResult.Refused;
            }

            // What was published meanwhile is lost like all that was published since the last backend was.
            if (Subscriptions.IsMessage(head) || (_scanner.IsPush && !Subscriptions.IsConfirmation(head)))
            {
                return ReplayResult.Done;
            }

            Owed--;
            return Owed < 0 ? ReplayResult.Failed : ReplayResult.Done;
        }
    }
}
