namespace RedisProxy.Sessions;

/// <summary>How many sessions one listener has, over all loops. Asked once a connection, so an interlocked counter will do.</summary>
internal sealed class SessionQuota(int max)
{
    private int _count;

    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _count) <= max)
        {
            return true;
        }

        Leave();
        return false;
    }

    public void Leave() => Interlocked.Decrement(ref _count);
}
