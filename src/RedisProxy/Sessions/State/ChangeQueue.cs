namespace RedisProxy.Sessions;

/// <summary>What requests in flight and waiting will change about their connection, in their order.</summary>
internal sealed class ChangeQueue(LedgerMemory memory)
{
    // The object, its arguments, a list of them, about.
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
