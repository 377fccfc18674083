namespace RedisProxy.Admin;

/// <summary>Pushes of the metrics, counted by result. One thread at a time writes, any reads.</summary>
internal sealed class OtlpPushes
{
    private long _done;
    private long _failed;

    public long Done => Interlocked.Read(ref _done);

    public long Failed => Interlocked.Read(ref _failed);

    public void Add(bool isDone) => Interlocked.Increment(ref isDone ? ref _done : ref _failed);
}
