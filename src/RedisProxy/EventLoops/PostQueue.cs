namespace RedisProxy.EventLoops;

/// <summary>
/// Work posted to a loop by other threads: many writers, one reader, no lock. A writer pushes onto a stack with one compare-and-swap;
/// the reader takes the whole stack and reverses it, which preserves the order of posting.
/// </summary>
internal sealed class PostQueue
{
    private Item? _newest;

    public bool IsEmpty => Volatile.Read(ref _newest) is null;

    public void Enqueue(Action<object?> callback, object? state)
    {
        var item = new Item(callback, state);
        Item? seen;
        do
        {
            seen = Volatile.Read(ref _newest);
            item.Next = seen;
        }
        while (Interlocked.CompareExchange(ref _newest, item, seen) != seen);
    }

    /// <summary>Everything posted so far, oldest first.</summary>
    public Item? TakeAll()
    {
        Item? newest = Interlocked.Exchange(ref _newest, null);
        Item? oldest = null;
        while (newest is not null)
        {
            Item? next = newest.Next;
            newest.Next = oldest;
            oldest = newest;
            newest = next;
        }

        return oldest;
    }

    internal sealed class Item(Action<object?> callback, object? state)
    {
        public Item? Next { get; set; }

        public void Run() => callback(state);
    }
}
