using RedisProxy.EventLoops;

namespace RedisProxy.Sessions;

/// <summary>
/// What a session's requests take besides the bytes of them: its ledger. Nothing limits it but <c>loops.maxBufferMemory</c>, with which it
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
