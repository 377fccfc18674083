using System.Diagnostics;

namespace RedisProxy.Resp;

/// <summary>
/// How many elements each open level of a nested reply still owes. The innermost one is a field, the others stand in an array that is
/// only made when a reply has a second level.
/// </summary>
internal struct ReplyLevels
{
    /// <summary>A level that ends with its own end mark instead of a count.</summary>
    public const long Streamed = -1;

    /// <summary>A string that comes in chunks.</summary>
    public const long Chunked = -2;

    private const int InitialOuterLevels = 7;

    private Level _innermost;
    private Level[]? _outer;
    private int _depth;

    public readonly bool IsEmpty => _depth == 0;

    public readonly bool IsStreamed => _depth > 0 && _innermost.Owed == Streamed;

    public readonly bool IsChunked => _depth > 0 && _innermost.Owed == Chunked;

    /// <summary>Elements of the innermost level before its last one; 0 when it has no count.</summary>
    public readonly long OwedBeforeLast => _depth > 0 ? Math.Max(0, _innermost.Owed - 1) : 0;

    /// <summary>So many of <see cref="OwedBeforeLast"/> have ended.</summary>
    public void EndElements(long count) => _innermost.Owed -= count;

    /// <summary>False when the reply is nested too deeply.</summary>
    public bool TryEnter(long owed, bool isAttribute)
    {
        Debug.Assert(owed is > 0 or Streamed or Chunked, "an empty level is never entered");
        if (_depth == RespLimits.MaxReplyDepth)
        {
            return false;
        }

        if (_depth > 0)
        {
            PushInnermost();
        }

        _depth++;
        _innermost = new Level(owed, isAttribute);
        return true;
    }

    /// <summary>One element of the innermost level has ended, and with it perhaps levels. True when that was the whole message.</summary>
    public bool EndElement()
    {
        Debug.Assert(_depth > 0, "an element outside of any level is the message itself");

        // Small enough to be inlined, and all that most elements of a large array need.
        if (_innermost.Owed > 1)
        {
            _innermost.Owed--;
            return false;
        }

        return EndLast();
    }

    private bool EndLast()
    {
        while (_depth > 0)
        {
            if (_innermost.Owed < 0 || --_innermost.Owed > 0)
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

    /// <summary>Closes the innermost level. True when it was an attribute, which is no element of the level around it.</summary>
    public bool Leave()
    {
        Debug.Assert(_depth > 0, "nothing to leave");
        bool wasAttribute = _innermost.IsAttribute;
        _depth--;
        if (_depth > 0)
        {
            _innermost = _outer![_depth - 1];
        }

        return wasAttribute;
    }

    private void PushInnermost()
    {
        if (_outer is null || _outer.Length < _depth)
        {
            Array.Resize(ref _outer, Math.Min(RespLimits.MaxReplyDepth, _outer is null ? InitialOuterLevels : _outer.Length * 2));
        }

        _outer[_depth - 1] = _innermost;
    }

    private record struct Level(long Owed, bool IsAttribute);
}
