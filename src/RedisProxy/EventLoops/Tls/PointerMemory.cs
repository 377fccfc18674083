using System.Buffers;

namespace RedisProxy.EventLoops;

/// <summary>A loop's own buffer as a <see cref="Memory{T}"/>, lent for a single call. It is pinned already.</summary>
internal sealed unsafe class PointerMemory : MemoryManager<byte>
{
    private byte* _start;
    private int _length;

    public Memory<byte> Of(byte* start, int length)
    {
        _start = start;
        _length = length;
        return Memory;
    }

    public override Span<byte> GetSpan() => new(_start, _length);

    public override MemoryHandle Pin(int elementIndex = 0) => new(_start + elementIndex);

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
    }
}
