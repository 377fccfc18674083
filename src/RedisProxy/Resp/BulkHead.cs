using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace RedisProxy.Resp;

/// <summary>
/// The head of a bulk, such as <c>$10</c> with its line end, used to recognise the next one of the same length: comparing one word costs
/// less than parsing a number.
/// </summary>
internal readonly struct BulkHead
{
    private readonly ulong _word;
    private readonly ulong _mask;
    private readonly int _frameBytes;

    /// <param name="frame">A whole bulk: head, body, line end.</param>
    /// <param name="headBytes">Length of the head with its line end.</param>
    public BulkHead(ReadOnlySpan<byte> frame, int headBytes)
    {
        if (headBytes <= sizeof(ulong) && frame.Length >= sizeof(ulong))
        {
            _mask = ulong.MaxValue >> (8 * (sizeof(ulong) - headBytes));
            _word = BinaryPrimitives.ReadUInt64LittleEndian(frame) & _mask;
            _frameBytes = frame.Length;
        }
    }

    /// <summary>True: skipped a whole bulk of the same length. The default value never matches.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryTake(ReadOnlySpan<byte> input, ref int at)
    {
        int end = at + _frameBytes;
        if (_frameBytes == 0 || (uint)end > (uint)input.Length
            || (BinaryPrimitives.ReadUInt64LittleEndian(input[at..]) & _mask) != _word || !input[(end - 2)..].StartsWith("\r\n"u8))
        {
            return false;
        }

        at = end;
        return true;
    }
}
