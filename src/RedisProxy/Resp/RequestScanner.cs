using System.Diagnostics;

namespace RedisProxy.Resp;

/// <summary>
/// Finds where requests end, in any chunking, and the command of each. It counts (owed arguments, bytes to skip) and keeps no
/// bytes except the command's name, so bodies of any size pass in constant memory. It is not a parser: arguments are read by
/// <see cref="RequestArguments"/> if a command needs it.
/// <para>
/// Invariant: the same frames for every split of the input. A request that is entirely in the input takes a short path
/// (<see cref="WholeFrames"/>); tests prove that it agrees with the resumable one. As strict as redis or stricter: what is refused only
/// here is listed in <see cref="ProtocolError"/>.
/// </para>
/// </summary>
internal struct RequestScanner
{
    private State _state;
    private bool _isFirstArgument;
    private int _owedArguments;
    private LengthField _length;
    private long _skip;
    private long _frameBytes;
    private CommandTraits _command;
    private CommandTable? _commands;
    private CommandName _name;
    private RequestHead _head;

    private enum State : byte
    {
        Start,
        Count,
        CountLf,
        Dollar,
        Length,
        LengthLf,
        Body,
        BodyCr,
        BodyLf,
        Inline,
    }

    /// <summary>Traits of commands. Default: the built-in table.</summary>
    public CommandTable Commands
    {
        readonly get => _commands ?? CommandTable.BuiltIn;
        set => _commands = value;
    }

    /// <summary>The command of the current request, or of the one that just ended. Valid once <see cref="IsHeadKnown"/>.</summary>
    public readonly CommandTraits Command => _command;

    /// <summary>The name of the command is scanned (never for inline requests, which are examined when complete).</summary>
    public bool IsHeadKnown { readonly get; private set; }

    /// <summary>The request that just ended is an inline one; its line still has to be split to know what it is.</summary>
    public bool IsInline { readonly get; private set; }

    /// <summary>The request that just ended was <c>*0</c> or <c>*-1</c>: redis skips it and does not reply.</summary>
    public bool IsNoOp { readonly get; private set; }

    /// <summary>Nothing of a request has been consumed since the last one ended.</summary>
    public readonly bool IsAtBoundary => _state == State.Start;

    /// <summary>Bytes consumed of the current request.</summary>
    public readonly long FrameBytes => _frameBytes;

    /// <summary>Bytes known to belong to the current request and not consumed yet; a lower bound.</summary>
    public readonly long OwedBytes => _skip;

    public ProtocolError Error { readonly get; private set; }

    /// <summary>The unexpected byte, for <see cref="ProtocolErrors.Describe"/>.</summary>
    public byte Got { readonly get; private set; }

    /// <summary>Continues, at most to the end of one request.</summary>
    public ScanStatus Scan(ReadOnlySpan<byte> input, out int consumed)
    {
        Debug.Assert(Error == ProtocolError.None, "after a failure the position in the stream is unknown");
        if (_state == State.Start)
        {
            if (input.IsEmpty)
            {
                consumed = 0;
                return ScanStatus.NeedMore;
            }

            BeginRequest();
            if (TryTakeWhole(input, out consumed, out _command))
            {
                IsHeadKnown = true;
                _frameBytes = consumed;
                return ScanStatus.Complete;
            }
        }

        return ScanResumable(input, out consumed);
    }

    /// <summary>At a boundary: takes a common request that is entirely in the input. The scanner's state does not change.</summary>
    public bool TryTakeWhole(ReadOnlySpan<byte> input, out int consumed, out CommandTraits command) =>
        WholeFrames.TryTakeRequest(input, Commands, ref _head, out consumed, out command);

    private void BeginRequest()
    {
        _frameBytes = 0;
        _name.Clear();
        IsHeadKnown = false;
        IsInline = false;
        IsNoOp = false;
    }

    private ScanStatus ScanResumable(ReadOnlySpan<byte> input, out int consumed)
    {
        ScanStatus status = ScanStatus.NeedMore;
        int at = 0;
        while (at < input.Length && status == ScanStatus.NeedMore)
        {
            status = _state switch
            {
                State.Body => SkipBody(input, ref at),
                State.Inline => FindLineEnd(input, ref at),
                _ => TakeByte(input[at++]),
            };
        }

        consumed = at;
        _frameBytes += at;
        return status;
    }

    private ScanStatus TakeByte(byte value)
    {
        switch (_state)
        {
            case State.Start:
                return TakeFirstByte(value);
            case State.Count:
                return TakeDigit(value, State.CountLf, ProtocolError.InvalidMultibulkLength);
            case State.CountLf:
                return value == '\n' ? EndCount() : Fail(ProtocolError.InvalidLineEnding, value);
            case State.Dollar:
                return value == '$' ? BeginLength(State.Length) : Fail(ProtocolError.ExpectedDollar, value);
            case State.Length:
                return TakeDigit(value, State.LengthLf, ProtocolError.InvalidBulkLength);
            case State.LengthLf:
                return value == '\n' ? EndLength() : Fail(ProtocolError.InvalidLineEnding, value);
            case State.BodyCr:
                return value == '\r' ? Advance(State.BodyLf) : Fail(ProtocolError.InvalidLineEnding, value);
            case State.BodyLf:
                return value == '\n' ? EndArgument() : Fail(ProtocolError.InvalidLineEnding, value);
            default:
                throw new UnreachableException();
        }
    }

    private ScanStatus TakeFirstByte(byte value)
    {
        const byte TlsHandshakeRecord = 0x16;
        switch (value)
        {
            case (byte)'*':
                _isFirstArgument = true;
                return BeginLength(State.Count);
            case TlsHandshakeRecord:
                return Fail(ProtocolError.TlsHello, value);
            case 0:
                return Fail(ProtocolError.NulInInline, value);
            default:
                IsInline = true;
                _state = State.Inline;
                return value == '\n' ? EndRequest() : ScanStatus.NeedMore;
        }
    }

    private ScanStatus BeginLength(State state)
    {
        _length = default;
        return Advance(state);
    }

    private ScanStatus TakeDigit(byte value, State whenEnded, ProtocolError whenInvalid)
    {
        if (value == '\r' && _length.IsNumber)
        {
            return Advance(whenEnded);
        }

        return _length.TryTake(value) ? ScanStatus.NeedMore : Fail(whenInvalid, value);
    }

    private ScanStatus EndCount()
    {
        if (_length.IsNegative || _length.Value == 0)
        {
            IsNoOp = true;
            return EndRequest();
        }

        if (_length.Value > RespLimits.MaxMultibulkElements)
        {
            return Fail(ProtocolError.InvalidMultibulkLength, 0);
        }

        _owedArguments = (int)_length.Value;
        return Advance(State.Dollar);
    }

    private ScanStatus EndLength()
    {
        if (_length.IsNegative || _length.Value > RespLimits.MaxBulkBytes)
        {
            return Fail(ProtocolError.InvalidBulkLength, 0);
        }

        _skip = _length.Value;
        return Advance(State.Body);
    }

    private ScanStatus SkipBody(ReadOnlySpan<byte> input, ref int at)
    {
        int take = (int)Math.Min(_skip, input.Length - at);
        if (_isFirstArgument && !IsHeadKnown)
        {
            _name.Add(input.Slice(at, take));
            if (_name.IsFull && _length.Value > CommandName.MaxBytes)
            {
                _command = CommandTable.OfUnknown(_name.Bytes);
                IsHeadKnown = true;
            }
        }

        at += take;
        _skip -= take;
        if (_skip == 0)
        {
            _state = State.BodyCr;
        }

        return ScanStatus.NeedMore;
    }

    private ScanStatus EndArgument()
    {
        if (_isFirstArgument)
        {
            _command = IsHeadKnown ? _command : Commands.Find(_name.Bytes);
            IsHeadKnown = true;
            _isFirstArgument = false;
        }

        _owedArguments--;
        return _owedArguments == 0 ? EndRequest() : Advance(State.Dollar);
    }

    private ScanStatus FindLineEnd(ReadOnlySpan<byte> input, ref int at)
    {
        ReadOnlySpan<byte> rest = input[at..];
        int end = rest.IndexOfAny((byte)'\n', (byte)0);
        long lineBytes = _frameBytes + at + (end < 0 ? rest.Length : end);
        if (lineBytes > RespLimits.MaxInlineBytes)
        {
            return Fail(ProtocolError.TooBigInline, 0);
        }

        if (end < 0)
        {
            at = input.Length;
            return ScanStatus.NeedMore;
        }

        if (rest[end] == 0)
        {
            return Fail(ProtocolError.NulInInline, 0);
        }

        at += end + 1;
        return EndRequest();
    }

    private ScanStatus EndRequest()
    {
        _state = State.Start;
        return ScanStatus.Complete;
    }

    private ScanStatus Advance(State state)
    {
        _state = state;
        return ScanStatus.NeedMore;
    }

    private ScanStatus Fail(ProtocolError error, byte got)
    {
        Error = error;
        Got = got;
        return ScanStatus.Error;
    }
}
