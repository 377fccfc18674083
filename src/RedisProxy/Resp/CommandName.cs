using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace RedisProxy.Resp;

/// <summary>The first bytes of a command's name: all of it, if it is in <see cref="CommandTable"/>.</summary>
internal struct CommandName
{
    public const int MaxBytes = 24;

    private Room _room;
    private byte _length;

    [UnscopedRef]
    public readonly ReadOnlySpan<byte> Bytes => ((ReadOnlySpan<byte>)_room)[.._length];

    public readonly bool IsFull => _length == MaxBytes;

    public void Clear() => _length = 0;

    /// <param name="part">The next of its bytes; those for which there is no room are left out.</param>
    public void Add(ReadOnlySpan<byte> part)
    {
        int take = Math.Min(part.Length, MaxBytes - _length);
        part[..take].CopyTo(((Span<byte>)_room)[_length..]);
        _length += (byte)take;
    }

    [InlineArray(MaxBytes)]
    private struct Room
    {
        private byte _first;
    }
}
