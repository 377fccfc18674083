using System.Buffers;

namespace RedisProxy.EventLoops;

/// <summary>A loop's own buffer for calls that want a <see cref="Memory{T}"/>. It is pinned anyway, and only lent for one call.</summary>
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
