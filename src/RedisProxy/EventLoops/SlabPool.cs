using System.Diagnostics;

namespace RedisProxy.EventLoops;

/// <summary>
/// A loop's own buffers, in two sizes: small for the usual request and reply, large once a receive has filled its buffer. Pinned
/// (the kernel writes to them) and never shared between loops, so without synchronisation. Memory is allocated in blocks and kept.
/// </summary>
internal sealed unsafe class SlabPool
{
    /// <summary>Holds a burst of common requests; one memory page.</summary>
    public const int SmallBytes = 4 * 1024;

    /// <summary>Holds a value of 64 KiB together with its header.</summary>
    public const int LargeBytes = 68 * 1024;

    private const int BlockBytes = 4 * LargeBytes;

    // Keeps the blocks alive; slabs only hold addresses.
    private readonly List<byte[]> _blocks = [];
    private Slab? _freeSmall;
    private Slab? _freeLarge;

    /// <summary>Slabs rented now, for the metrics.</summary>
    public int InUse { get; private set; }

    /// <summary>Bytes of the slabs rented now.</summary>
    public long InUseBytes { get; private set; }

    /// <summary>Other memory of the renters, see <see cref="Charge"/>.</summary>
    public long ChargedBytes { get; private set; }

    /// <summary>
    /// When more than this is rented or charged, <see cref="OnPressure"/> is called. Nothing is refused: a renter has bytes to put
    /// somewhere.
    /// </summary>
    public long PressureBytes { get; set; } = long.MaxValue;

    /// <summary>Called for every rent or charge above <see cref="PressureBytes"/>. Must not rent.</summary>
    public Action? OnPressure { get; set; }

    /// <summary>Bytes of all blocks.</summary>
    public long AllocatedBytes => (long)_blocks.Count * BlockBytes;

    public Slab Rent(bool large)
    {
        ref Slab? free = ref large ? ref _freeLarge : ref _freeSmall;
        if (free is null)
        {
            AddBlock(ref free, large ? LargeBytes : SmallBytes);
        }

        Slab slab = free!;
        free = slab.Next;
        slab.Next = null;
        slab.Begin = 0;
        slab.End = 0;
        InUse++;
        InUseBytes += slab.Capacity;
        ReportPressure();
        return slab;
    }

    /// <summary>Counts memory that is not from this pool towards the same limit.</summary>
    /// <param name="bytes">Negative: released.</param>
    public void Charge(long bytes)
    {
        ChargedBytes += bytes;
        if (bytes > 0)
        {
            ReportPressure();
        }
    }

    private void ReportPressure()
    {
        if (InUseBytes + ChargedBytes > PressureBytes)
        {
            OnPressure?.Invoke();
        }
    }

    public void Return(Slab slab)
    {
        Debug.Assert(slab.Next is null, "still in its owner's chain, or returned twice");
        Debug.Assert(InUse > 0, "returned more than was rented");
        ref Slab? free = ref slab.Capacity == LargeBytes ? ref _freeLarge : ref _freeSmall;
        slab.Next = free;
        free = slab;
        InUse--;
        InUseBytes -= slab.Capacity;
    }

    private void AddBlock(ref Slab? free, int slabBytes)
    {
        byte[] block = GC.AllocateUninitializedArray<byte>(BlockBytes, pinned: true);
        _blocks.Add(block);
        fixed (byte* memory = block)
        {
            for (int offset = BlockBytes - slabBytes; offset >= 0; offset -= slabBytes)
            {
                free = new Slab(memory + offset, slabBytes) { Next = free };
            }
        }
    }
}
