using RedisProxy.EventLoops;
using RedisProxy.Tls;

namespace RedisProxy.Sessions;

/// <summary>
/// Clients of one listener on one loop that have connected and are not secured yet. One that says nothing costs no more than its
/// descriptor; of those that do, a limited number is being greeted at once and the others wait. Each has the same time for all of it.
/// </summary>
internal sealed class ClientHandshakes(EventLoop loop, ServerTls tls, int maxConcurrent)
{
    private readonly HashSet<Attempt> _attempts = [];
    private readonly Queue<Attempt> _waiting = new();
    private int _underWay;

    /// <summary>Connected and not secured, waiting ones among them.</summary>
    public int Count => _attempts.Count;

    /// <returns>Null: the client is secure. Else why it is not, in a sentence, or by an <see cref="EndOfStreamException"/> that it
    /// connected and said nothing, as probes of ports do. Then it is only good for closing.</returns>
    public async Task<Exception?> RunAsync(LoopSocket client)
    {
        var attempt = new Attempt(client);
        _attempts.Add(attempt);
        var deadline = new LoopTimer(static attempt => ((Attempt)attempt).End("it took too long"), attempt);
        loop.Timers.Arm(deadline, loop.NowMs + (long)tls.Options.HandshakeTimeout.TotalMilliseconds);
        try
        {
            await client.WaitReadableAsync();
            await EnterAsync(attempt);
            Exception? error = await SecureAsync(client);
            return attempt.EndedBecause is { } reason ? new TimeoutException(reason) : error;
        }
        finally
        {
            loop.Timers.Disarm(deadline);
            _attempts.Remove(attempt);
        }
    }

    /// <summary>The listener stops: nobody is greeted any more.</summary>
    public void EndAll()
    {
        foreach (Attempt attempt in _attempts.ToArray())
        {
            attempt.End("the listener stops");
        }
    }

    private async Task<Exception?> SecureAsync(LoopSocket client)
    {
        try
        {
            return await client.SecureAsync(tls.AuthenticateAsync);
        }
        finally
        {
            Leave();
        }
    }

    private async Task EnterAsync(Attempt attempt)
    {
        if (_underWay == maxConcurrent)
        {
            _waiting.Enqueue(attempt);
            await attempt.Turn.WaitAsync();
        }
        else
        {
            _underWay++;
        }
    }

    // The place goes to the next in line. One whose time is over gives it back at once.
    private void Leave()
    {
        if (_waiting.TryDequeue(out Attempt? next))
        {
            next.Turn.Set();
        }
        else
        {
            _underWay--;
        }
    }

    private sealed class Attempt(LoopSocket client)
    {
        public LoopSignal Turn { get; } = new(client.Loop);

        public string? EndedBecause { get; private set; }

        public void End(string reason)
        {
            EndedBecause ??= reason;
            client.Close();
        }
    }
}
