namespace RedisProxy.Sessions;

/// <summary>
/// Numbers of the events that clients are told of. Clients ignore a number that they have seen, so each is used once, and they grow even
/// from one process to its successor: they follow the time of day in milliseconds. Any thread.
/// </summary>
internal sealed class HandoffNumbers(TimeProvider time)
{
    private long _last;

    public long Next()
    {
        while (true)
        {
            long last = Volatile.Read(ref _last);
            long next = Math.Max(last + 1, time.GetUtcNow().ToUnixTimeMilliseconds());
            if (Interlocked.CompareExchange(ref _last, next, last) == last)
            {
                return next;
            }
        }
    }
}
