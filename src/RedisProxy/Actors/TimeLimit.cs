using System.Globalization;

namespace RedisProxy.Actors;

/// <summary>A time limit: distinguishes "too late" from "stopped".</summary>
internal sealed class TimeLimit : IDisposable
{
    private readonly TimeSpan _limit;
    private readonly CancellationToken _stop;
    private readonly CancellationTokenSource _expiry;
    private readonly CancellationTokenSource _either;

    public TimeLimit(TimeSpan limit, TimeProvider time, CancellationToken stop)
    {
        _limit = limit;
        _stop = stop;
        _expiry = new CancellationTokenSource(limit, time);
        _either = CancellationTokenSource.CreateLinkedTokenSource(_expiry.Token, stop);
    }

    public CancellationToken Token => _either.Token;

    /// <param name="work">Uses <see cref="Token"/>.</param>
    /// <param name="whatIsMissing">Begins the message: "no answer".</param>
    /// <exception cref="TimeoutException">The limit has expired.</exception>
    public async Task<T> ApplyToAsync<T>(Task<T> work, string whatIsMissing)
    {
        await ApplyToAsync((Task)work, whatIsMissing);
        return await work;
    }

    public async Task ApplyToAsync(Task work, string whatIsMissing)
    {
        try
        {
            await work;
        }
        catch (OperationCanceledException) when (!_stop.IsCancellationRequested)
        {
            string limit = _limit.TotalMilliseconds.ToString(CultureInfo.InvariantCulture);
            throw new TimeoutException($"{whatIsMissing} within {limit} ms");
        }
    }

    public void Dispose()
    {
        _either.Dispose();
        _expiry.Dispose();
    }
}
