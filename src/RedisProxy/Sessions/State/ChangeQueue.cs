namespace RedisProxy.Sessions;

/// <summary>Changes of the connection by requests in flight and waiting, in order.</summary>
internal sealed class ChangeQueue(LedgerMemory memory)
{
    // Estimate: the object, its arguments, a list of them.
    private const int BytesOfOne = 256;

    private readonly Queue<StateChange> _changes = new(0);

    public int Count => _changes.Count;

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

    /// <summary>Writes it, or reads it into a new one.</summary>
    public void Carry(StateCodec codec)
    {
        int count = codec.Count(_changes.Count);
        StateChange?[] written = [.. _changes];
        for (int i = 0; i < count; i++)
        {
            StateChange change = codec.Change(codec.IsReading ? null : written[i]);
            if (codec.IsReading)
            {
                Add(change);
            }
        }
    }

    public Queue<StateChange>.Enumerator GetEnumerator() => _changes.GetEnumerator();
}
