using RedisProxy.EventLoops;

namespace RedisProxy.Sessions;

/// <summary>
/// Memory of a session's ledger: what its requests take besides their bytes. Its only limit is <c>loops.maxBufferMemory</c>, to which it
/// counts, because redis reads the requests of a client that does not read its replies, and there are clients that rely on it.
/// </summary>
internal sealed class LedgerMemory(SlabPool pool)
{
    public long Bytes { get; private set; }

    public void Add(long bytes)
    {
        Bytes += bytes;
        pool.Charge(bytes);
    }

    /// <summary>The session has ended.</summary>
    public void GiveBack() => Add(-Bytes);
}
