namespace RedisProxy.EventLoops;

/// <summary>
/// A piece of pinned memory, rented from its loop's <see cref="SlabPool"/>. The renter owns it, its cursors and its link until it is
/// returned. Bytes in [<see cref="Begin"/>, <see cref="End"/>) are live.
/// </summary>
internal sealed unsafe class Slab
{
    internal Slab(byte* memory, int capacity)
    {
        Memory = memory;
        Capacity = capacity;
    }

    public byte* Memory { get; }

    public int Capacity { get; }

    /// <summary>First live byte.</summary>
    public int Begin { get; set; }

    /// <summary>One past the last live byte.</summary>
    public int End { get; set; }

    /// <summary>For the owner's chains, or for the pool's free list when not rented.</summary>
    public Slab? Next { get; set; }

    public int Free => Capacity - End;

    public ReadOnlySpan<byte> Live => new(Memory + Begin, End - Begin);

    public Span<byte> Tail => new(Memory + End, Capacity - End);
}
