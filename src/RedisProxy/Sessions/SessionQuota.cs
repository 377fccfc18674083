namespace RedisProxy.Sessions;

/// <summary>
/// How many sessions one listener has, over all loops, within what all listeners may have together. Asked once a connection, so an
/// interlocked counter will do.
/// </summary>
/// <param name="max">Of this listener.</param>
/// <param name="total">Of all; null: there is no further limit.</param>
internal sealed class SessionQuota(long max, SessionQuota? total = null)
{
    private long _max = max;
    private long _count;

    /// <summary>More than there may be now stay; they only get no company.</summary>
    public long Max
    {
        set => Volatile.Write(ref _max, value);
    }

    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _count) <= Volatile.Read(ref _max) && (total is null || total.TryEnter()))
        {
            return true;
        }

        Interlocked.Decrement(ref _count);
        return false;
    }

    public void Leave()
    {
        Interlocked.Decrement(ref _count);
        total?.Leave();
    }
}
