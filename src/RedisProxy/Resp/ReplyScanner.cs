using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace RedisProxy.Resp;

/// <summary>
/// Finds where replies end, in any chunking: RESP2 and RESP3, nested and streamed. It counts owed elements and bytes to skip; nesting
/// costs a counter per level and no recursion. Attributes belong to the reply that follows them, so they do not end one. Pushes are
/// messages of their own: <see cref="Kind"/> tells, and the caller must not mistake them for a reply. Within a reply they count as little
/// as attributes: redis before 7.2 puts what a transaction publishes to its own client between the elements of EXEC's reply.
/// <para>Not a validator: what a line or a body says is left to the client, as long as it is strictly framed.</para>
/// </summary>
internal struct ReplyScanner
{
    private const byte StreamedCount = (byte)'?';
    private const byte StreamedChunk = (byte)';';
    private const byte StreamedEnd = (byte)'.';

    private State _state;
    private bool _isStreamed;
    private byte _type;
    private LengthField _length;
    private long _skip;
    private ReplyLevels _levels;

    private enum State : byte
    {
        Boundary,
        Type,
        Line,
        LineLf,
        Length,
        LengthLf,
        Body,
        BodyCr,
        BodyLf,
    }

    /// <summary>First byte of the current message, or of the one that just ended, after any attributes. 0 until known.</summary>
    public byte Kind { readonly get; private set; }

    /// <summary>The current message, or the one that just ended, began with attributes.</summary>
    public bool HasAttributes { readonly get; private set; }

    public readonly bool IsPush => Kind == '>';

    public readonly bool IsError => Kind is (byte)'-' or (byte)'!';

    /// <summary>Nothing of a message has been consumed since the last one ended.</summary>
    public readonly bool IsAtBoundary => _state == State.Boundary;

    /// <summary>Bytes known to belong to the current message and not consumed yet; a lower bound.</summary>
    public readonly long OwedBytes => _skip;

    /// <summary>Memory held for the levels of the current message, in bytes.</summary>
    public readonly int HeldBytes => _levels.HeldBytes;

    /// <summary>The scan failed because of the depth.</summary>
    public readonly bool IsTooDeep => _levels.HasOverflowed;

    public bool HasFailed { readonly get; private set; }

    /// <summary>Continues, at most to the end of one message.</summary>
    public ScanStatus Scan(ReadOnlySpan<byte> input, out int consumed)
    {
        Debug.Assert(!HasFailed, "after a failure the position in the stream is unknown");
        if (_state == State.Boundary && !input.IsEmpty)
        {
            _state = State.Type;
            Kind = 0;
            HasAttributes = false;
        }

        ScanStatus status = ScanStatus.NeedMore;
        int at = 0;
        while (at < input.Length && status == ScanStatus.NeedMore)
        {
            status = _state switch
            {
                State.Type => TakeElement(input, ref at),
                State.Line => SkipLine(input, ref at),
                State.Body => SkipBody(input, ref at),
                _ => TakeByte(input[at++]),
            };
        }

        consumed = at;
        return status;
    }

    /// <summary>Takes one element if all of it is in the input, otherwise its first byte.</summary>
    private ScanStatus TakeElement(ReadOnlySpan<byte> input, ref int at)
    {
        byte type = input[at++];
        if (_levels.IsEmpty && type != '|')
        {
            Kind = type;
        }

        _type = type;
        switch (type)
        {
            case (byte)'$' or (byte)'=' or (byte)'!' when !_levels.IsChunked:
                return TakeBulk(input, ref at);
            case (byte)'*' or (byte)'~' or (byte)'%' or (byte)'|' or (byte)'>' when !_levels.IsChunked:
            case StreamedChunk when _levels.IsChunked:
                return BeginLength();
            case (byte)'+' or (byte)'-' or (byte)':' or (byte)',' or (byte)'(' or (byte)'#' or (byte)'_' when !_levels.IsChunked:
                _state = State.Line;
                return SkipLine(input, ref at);
            case StreamedEnd when _levels.IsStreamed:
                return Advance(State.BodyCr);
            default:
                return Fail();
        }
    }

    private ScanStatus TakeBulk(ReadOnlySpan<byte> input, ref int at)
    {
        int end = at;
        if (!WholeFrames.TryTakeBulk(input, ref end, out _, out _))
        {
            return BeginLength();
        }

        at = end;
        ScanStatus status = EndElement();
        if (status == ScanStatus.NeedMore && _levels.OwedBeforeLast is > 0 and long most)
        {
            // The rest of a large array, without checking the state for each element.
            _levels.EndElements(WholeFrames.SkipBulks(input, ref at, most));
        }

        return status;
    }

    private ScanStatus SkipLine(ReadOnlySpan<byte> input, ref int at)
    {
        int end = input[at..].IndexOf((byte)'\r');
        if (end < 0)
        {
            at = input.Length;
            return ScanStatus.NeedMore;
        }

        at += end + 1;
        _state = State.LineLf;
        return at < input.Length ? TakeByte(input[at++]) : ScanStatus.NeedMore;
    }

    private ScanStatus SkipBody(ReadOnlySpan<byte> input, ref int at)
    {
        int take = (int)Math.Min(_skip, input.Length - at);
        at += take;
        _skip -= take;
        if (_skip == 0)
        {
            _state = State.BodyCr;
        }

        return ScanStatus.NeedMore;
    }

    private ScanStatus TakeByte(byte value)
    {
        switch (_state)
        {
            case State.LineLf:
                return EndLine(value);
            case State.Length:
                return TakeDigit(value);
            case State.LengthLf:
                return value == '\n' ? EndLength() : Fail();
            case State.BodyCr:
                return value == '\r' ? Advance(State.BodyLf) : Fail();
            case State.BodyLf:
                return value == '\n' ? EndBody() : Fail();
            default:
                throw new UnreachableException();
        }
    }

    // A lone CR is part of the line, as clients read it: a line ends with the pair.
    private ScanStatus EndLine(byte value) => value switch
    {
        (byte)'\r' => ScanStatus.NeedMore,
        (byte)'\n' => EndElement(),
        _ => Advance(State.Line),
    };

    private ScanStatus BeginLength()
    {
        _length = default;
        _isStreamed = false;
        return Advance(State.Length);
    }

    private ScanStatus TakeDigit(byte value)
    {
        if (value == '\r' && (_length.IsNumber || _isStreamed))
        {
            return Advance(State.LengthLf);
        }

        if (value == StreamedCount && !_isStreamed && _length.IsEmpty && _type is not ((byte)'=' or (byte)'!' or StreamedChunk))
        {
            _isStreamed = true;
            return ScanStatus.NeedMore;
        }

        bool isAllowed = !_isStreamed && (value != '-' || _type is (byte)'$' or (byte)'*');
        return isAllowed && _length.TryTake(value) ? ScanStatus.NeedMore : Fail();
    }

    private ScanStatus EndLength()
    {
        if (_type is (byte)'$' or (byte)'=' or (byte)'!' or StreamedChunk)
        {
            return EndBulkLength();
        }

        HasAttributes |= _type == '|' && _levels.IsEmpty;
        bool isUncounted = _type == '|' || (_type == '>' && !_levels.IsEmpty);
        if (_length.IsNegative || (_length.Value == 0 && !_isStreamed))
        {
            return isUncounted ? Advance(State.Type) : EndElement();
        }

        long count = _type is (byte)'%' or (byte)'|' ? _length.Value * 2 : _length.Value;
        return _levels.TryEnter(_isStreamed ? ReplyLevels.Streamed : count, isUncounted) ? Advance(State.Type) : Fail();
    }

    private ScanStatus EndBulkLength()
    {
        if (_isStreamed)
        {
            return _levels.TryEnter(ReplyLevels.Chunked, isUncounted: false) ? Advance(State.Type) : Fail();
        }

        if (_length.IsNegative)
        {
            return EndElement();
        }

        if (_type == StreamedChunk && _length.Value == 0)
        {
            _levels.Leave();
            return EndElement();
        }

        _skip = _length.Value;
        return Advance(State.Body);
    }

    private ScanStatus EndBody() => _type switch
    {
        // A chunk is part of its string, not an element.
        StreamedChunk => Advance(State.Type),
        StreamedEnd => EndStream(),
        _ => EndElement(),
    };

    private ScanStatus EndStream() => _levels.Leave() ? Advance(State.Type) : EndElement();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ScanStatus EndElement()
    {
        if (_levels.IsEmpty || _levels.EndElement())
        {
            _state = State.Boundary;
            return ScanStatus.Complete;
        }

        return Advance(State.Type);
    }

    private ScanStatus Advance(State state)
    {
        _state = state;
        return ScanStatus.NeedMore;
    }

    private ScanStatus Fail()
    {
        HasFailed = true;
        return ScanStatus.Error;
    }
}
