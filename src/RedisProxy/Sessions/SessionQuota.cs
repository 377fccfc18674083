namespace RedisProxy.Sessions;

/// <summary>
/// How many sessions one listener has, over all loops, within what all listeners may have together. Asked once a connection, so an
/// interlocked counter will do.
/// </summary>
/// <param name="max">Of this listener.</param>
/// <param name="total">Of all; null: there is no further limit.</param>
internal sealed class SessionQuota(long max, SessionQuota? total = null)
{
    private long _count;

    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _count) <= max && (total is null || total.TryEnter()))
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
