namespace RedisProxy.Sessions;

/// <summary>Changes of the connection by requests in flight and waiting, in order.</summary>
internal sealed class ChangeQueue(LedgerMemory memory)
{
    // Estimate: the object, its arguments, a list of them.
    private const int BytesOfOne = 256;

    private readonly Queue<StateChange> _changes = new(0);

    public StateChange Oldest => _changes.Peek();

    public StateChange Newest => _changes.Last();

    public void Add(StateChange change)
    {
        _changes.Enqueue(change);
        memory.Add(BytesOfOne);
    }

    public StateChange TakeOldest()
    {
        memory.Add(-BytesOfOne);
        return _changes.Dequeue();
    }

    public Queue<StateChange>.Enumerator GetEnumerator() => _changes.GetEnumerator();
}
