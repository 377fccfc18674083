using System.Buffers.Binary;
using System.Diagnostics;

namespace RedisProxy.Resp;

/// <summary>
/// The number of elements owed by each open level of a nested reply. The innermost level is in fields. The others are in a stack of bytes
/// that is allocated only when a reply has a second level: one byte for a level that owes little, nine for others. It is released after a
/// deeply nested reply.
/// </summary>
internal struct ReplyLevels
{
    /// <summary>A level that ends with its own end mark instead of a count.</summary>
    public const long Streamed = -1;

    /// <summary>A string that arrives in chunks.</summary>
    public const long Chunked = -2;

    private const int InitialOuterBytes = 16;

    // Enough for common replies; a larger stack is not kept.
    private const int MaxKeptOuterBytes = 256;

    // A level is one number, read backwards from its end: below this mark one byte, otherwise eight bytes followed by the mark.
    private const byte LongMark = byte.MaxValue;

    private long _owed;
    private byte[]? _outer;
    private int _outerBytes;
    private int _depth;

    // An attribute or a push: not an element of the level around it.
    private bool _isUncounted;

    public readonly bool IsEmpty => _depth == 0;

    public readonly bool IsStreamed => _depth > 0 && _owed == Streamed;

    public readonly bool IsChunked => _depth > 0 && _owed == Chunked;

    /// <summary>Elements of the innermost level before its last one; 0 if it has no count.</summary>
    public readonly long OwedBeforeLast => _depth > 0 ? Math.Max(0, _owed - 1) : 0;

    /// <summary>A reply exceeded the maximum depth.</summary>
    public bool HasOverflowed { readonly get; private set; }

    /// <summary>Size of the stack.</summary>
    public readonly int HeldBytes => _outer?.Length ?? 0;

    /// <summary>Ends this many of <see cref="OwedBeforeLast"/>.</summary>
    public void EndElements(long count) => _owed -= count;

    /// <summary>False: the reply is nested too deeply.</summary>
    public bool TryEnter(long owed, bool isUncounted)
    {
        Debug.Assert(owed is > 0 or Streamed or Chunked, "an empty level is never entered");
        if (_depth == RespLimits.MaxReplyDepth)
        {
            HasOverflowed = true;
            return false;
        }

        if (_depth > 0)
        {
            PushInnermost();
        }

        _depth++;
        _owed = owed;
        _isUncounted = isUncounted;
        return true;
    }

    /// <summary>Ends one element of the innermost level, and perhaps levels with it. True: that was the whole message.</summary>
    public bool EndElement()
    {
        Debug.Assert(_depth > 0, "an element outside of any level is the message itself");

        // Small enough to be inlined, and sufficient for most elements of a large array.
        if (_owed > 1)
        {
            _owed--;
            return false;
        }

        return EndLast();
    }

    private bool EndLast()
    {
        while (_depth > 0)
        {
            if (_owed < 0 || --_owed > 0)
            {
                return false;
            }

            if (Leave())
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Closes the innermost level. True: it does not count as an element of the level around it.</summary>
    public bool Leave()
    {
        Debug.Assert(_depth > 0, "nothing to leave");
        bool wasUncounted = _isUncounted;
        _depth--;
        if (_depth > 0)
        {
            PopInnermost();
        }
        else if (HeldBytes > MaxKeptOuterBytes)
        {
            _outer = null;
        }

        return wasUncounted;
    }

    private void PushInnermost()
    {
        ulong level = ((ulong)(_owed - Chunked) << 1) | (_isUncounted ? 1UL : 0);
        int bytes = level < LongMark ? 1 : sizeof(ulong) + 1;
        if (_outerBytes + bytes > HeldBytes)
        {
            Array.Resize(ref _outer, Math.Max(InitialOuterBytes, 2 * HeldBytes));
        }

        if (bytes > 1)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(_outer.AsSpan(_outerBytes), level);
        }

        _outerBytes += bytes;
        _outer![_outerBytes - 1] = bytes > 1 ? LongMark : (byte)level;
    }

    private void PopInnermost()
    {
        ulong level = _outer![--_outerBytes];
        if (level == LongMark)
        {
            _outerBytes -= sizeof(ulong);
            level = BinaryPrimitives.ReadUInt64LittleEndian(_outer.AsSpan(_outerBytes));
        }

        _owed = (long)(level >> 1) + Chunked;
        _isUncounted = (level & 1) != 0;
    }
}
