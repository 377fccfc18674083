using RedisProxy.EventLoops;
using RedisProxy.Resp;

namespace RedisProxy.Sessions;

internal enum ReplayResult : byte
{
    Done,

    /// <summary>The connection broke, or the server is not ready; another attempt may succeed.</summary>
    Failed,

    /// <summary>The server does not take this state. Going on without it would be a lie.</summary>
    Refused,
}

/// <summary>Says a <see cref="StateReplay"/> on a new connection, and waits until all of it is confirmed.</summary>
internal static class StateReplayer
{
    public static async Task<ReplayResult> RunAsync(LoopSocket socket, StateReplay replay)
    {
        ReplayResult result = await AskAsync(socket, replay.Requests, new ReplayReplies(replay.RepliesOwed, replay.MustSucceed));
        return result == ReplayResult.Done && replay.Queue is { Count: > 0 } queue
            ? await AskAsync(socket, queue.Requests, new ReplayReplies(queue.Count, static _ => false))
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
    /// <param name="mustSucceed">May the reply of this number not be an error?</param>
    private sealed class ReplayReplies(int owed, Func<int, bool> mustSucceed)
    {
        // Enough to tell an error's code and a message's kind.
        private const int HeadBytes = 64;

        private readonly byte[] _head = new byte[HeadBytes];
        private ReplyScanner _scanner;
        private int _headLength;
        private int _taken;

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
            if (_scanner.IsError && (isTransient || mustSucceed(_taken)))
            {
                return isTransient ? ReplayResult.Failed : ReplayResult.Refused;
            }

            // What was published meanwhile is lost like all that was published since the last backend was.
            if (Subscriptions.IsMessage(head) || (_scanner.IsPush && !Subscriptions.IsConfirmation(head)))
            {
                return ReplayResult.Done;
            }

            _taken++;
            Owed--;
            return Owed < 0 ? ReplayResult.Failed : ReplayResult.Done;
        }
    }
}
