namespace RedisProxy.ProcessTests.Fuzz;

/// <summary>What a server says to a stream directly: each request with the replies that it gets, and no doubt which are whose.</summary>
internal sealed class ReferenceRun
{
    // Well beyond the longest timeout of a blocking request in the streams.
    private const int BlockedMs = 150;

    public List<List<string>> Replies { get; } = [];

    public List<string> Unasked { get; private set; } = [];

    /// <summary>The server closes behind this request; -1: it does not.</summary>
    public int EndsAfter { get; private set; } = -1;

    public List<string> Written { get; private set; } = [];

    public List<string> Published { get; private set; } = [];

    public static async Task<ReferenceRun> RunAsync(FuzzServer server, IReadOnlyList<FuzzRequest> requests)
    {
        var run = new ReferenceRun();
        using var connection = new FuzzConnection(server.Port);
        int plain = requests.TakeWhile(static request => !request.Is(RequestNature.IsOdd | RequestNature.Blocks)).Count();
        run.AskAll(connection, requests.Take(plain));
        foreach (FuzzRequest request in requests.Skip(plain))
        {
            await run.AskOneAsync(server, connection, request);
        }

        run.Unasked = connection.Frames.Unasked;
        (run.Written, run.Published) = server.Take();
        return run;
    }

    /// <summary>Each gets one reply.</summary>
    private void AskAll(FuzzConnection connection, IEnumerable<FuzzRequest> requests)
    {
        foreach (FuzzRequest[] some in requests.Chunk(100))
        {
            int before = connection.Frames.Replies.Count;
            connection.Send([.. some.SelectMany(static request => request.Bytes)]);
            connection.ReceiveUntil(before + some.Length);
            Replies.AddRange(connection.Frames.Replies.Skip(before).Select(static reply => new List<string> { reply }));
        }
    }

    private async Task AskOneAsync(FuzzServer server, FuzzConnection connection, FuzzRequest request)
    {
        List<string> replies = connection.Frames.Replies;
        int before = replies.Count;
        connection.Send(request.Bytes);
        for (int taken = 0; taken <= request.Bytes.Length; taken += FuzzServer.BytesOfATurn)
        {
            server.Fence();
            connection.ReceiveAvailable();
        }

        for (long began = Environment.TickCount64; request.Is(RequestNature.Blocks) && replies.Count == before
            && Environment.TickCount64 - began < BlockedMs;)
        {
            // An idle redis looks at its timeouts ten times a second only.
            await Task.Delay(TimeSpan.FromMilliseconds(2), TimeProvider.System);
            server.Fence();
            connection.ReceiveAvailable();
        }

        // A large reply comes in many pieces.
        while (connection.Frames.IsInside && connection.Frames.Broken.Length == 0 && !connection.IsEnded)
        {
            connection.ReceiveOnce();
        }

        Assert.True(connection.Frames.Broken.Length == 0, connection.Frames.Broken);
        Replies.Add([.. replies.Skip(before)]);
        if (connection.IsEnded && EndsAfter < 0)
        {
            EndsAfter = Replies.Count - 1;
        }
    }
}
