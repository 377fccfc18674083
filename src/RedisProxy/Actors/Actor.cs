namespace RedisProxy.Actors;

/// <summary>An actor and its life cycle: it runs until the whole control plane is stopped, or it alone.</summary>
/// <param name="Self">The object to post to.</param>
/// <param name="RunAsync">Until stopped; does not throw.</param>
internal sealed record Actor<T>(T Self, Func<CancellationToken, Task> RunAsync) : IDisposable
{
    private readonly CancellationTokenSource _stop = new();

    public async Task ServeAsync(CancellationToken stop)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, _stop.Token);
        await RunAsync(either.Token);
    }

    public void Stop() => _stop.Cancel();

    public void Dispose() => _stop.Dispose();
}
