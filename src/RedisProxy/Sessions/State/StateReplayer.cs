using RedisProxy.EventLoops;

namespace RedisProxy.Sessions;

/// <summary>Sends a <see cref="StateReplay"/> on a new connection, and waits until all of it is confirmed.</summary>
internal sealed class StateReplayer(LoopSocket socket, StateReplay replay)
{
    private readonly ReplayReplies _replies = new();

    /// <summary>Unrequested output for the client: messages, and everything after the last confirmation.</summary>
    public ReadOnlyMemory<byte> Said => _replies.Said;

    /// <summary>Messages were dropped because there were too many.</summary>
    public bool HasLeftOut => _replies.HasLeftOut;

    /// <summary>The server has taken the <see cref="StateReplay.Mark"/>.</summary>
    public bool IsMarked => replay.EndsWithMark && !_replies.IsLastAnError;

    public async Task<ReplayResult> RunAsync()
    {
        int answered = 0;
        foreach ((ReadOnlyMemory<byte> requests, int replies) in replay.Steps)
        {
            int before = answered;
            ReplayResult result = await AskAsync(requests, replies, reply => replay.MustSucceed(before + reply));
            answered += replies;
            if (result != ReplayResult.Done)
            {
                return result;
            }
        }

        return replay.Queue is { Count: > 0 } queue
            ? await AskAsync(queue.Requests, queue.Count, static _ => false)
            : ReplayResult.Done;
    }

    private async Task<ReplayResult> AskAsync(ReadOnlyMemory<byte> requests, int replies, Func<int, bool> mustSucceed)
    {
        while (!requests.IsEmpty)
        {
            int sent = TrySend(requests.Span);
            if (sent == Kernel.WouldBlock)
            {
                await socket.WaitWritableAsync();
            }
            else if (sent < 0)
            {
                return ReplayResult.Failed;
            }

            requests = requests[Math.Max(0, sent)..];
        }

        ReplayResult result = _replies.Expect(replies, replay.Protocol, mustSucceed);
        while (_replies.Owed > 0 && result == ReplayResult.Done)
        {
            await socket.WaitReadableAsync();
            result = ReceiveReplies();
        }

        return result;
    }

    private unsafe int TrySend(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            return socket.TrySend(start, bytes.Length);
        }
    }

    private unsafe ReplayResult ReceiveReplies()
    {
        Slab slab = socket.Loop.Slabs.Rent(large: false);
        int received = socket.TryReceive(slab.Memory, slab.Capacity);
        ReplayResult result = received switch
        {
            > 0 => _replies.Take(new ReadOnlySpan<byte>(slab.Memory, received)),
            Kernel.WouldBlock => ReplayResult.Done,
            _ => ReplayResult.Failed,
        };
        socket.Loop.Slabs.Return(slab);
        return result;
    }
}
