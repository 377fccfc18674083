using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>
/// Turns received bytes into requests for the <see cref="Pipeline"/>. Common requests cost their scan and one entry; only requests that
/// can change the connection's state are inspected. A request is taken when it is complete, unless it is too large to wait for: then it is
/// forwarded as it arrives, and cannot be sent twice.
/// </summary>
internal sealed class RequestIntake(Session session)
{
    /// <summary>A request to be inspected is kept whole up to this size; no real one of these commands is larger.</summary>
    private const int MaxInspectedBytes = 1024 * 1024;

    private RequestScanner _scanner;
    private long _scanned;
    private long _frameStart;
    private long _requestStart;
    private long _stalledSinceMs = -1;
    private bool _followsNoOp, _followsCaching;
    private ChangesInTransaction _changes;
    private bool _isStopped, _hasOpenRequest;

    public bool IsAtBoundary => _scanner.IsAtBoundary;

    private long WaitsSinceMs => _stalledSinceMs < 0 ? session.Loop.NowMs : _stalledSinceMs;

    /// <summary>May more be received?</summary>
    public bool HasRoom => !_isStopped && !session.Pipeline.HasLostChange && InputLimit.Has(session, _requestStart, _hasOpenRequest);

    /// <summary>See <see cref="Carry"/>. A request that is forwarded as it arrives cannot be carried.</summary>
    public bool CanBeCarried => !_isStopped && !_hasOpenRequest;

    // Until the client has authenticated to the proxy, where that is required, each of its requests is inspected.
    private bool IsLockedOut => session.Access is { IsLockedOut: true };

    /// <summary>Input stays in the kernel from now on, so the bytes received next have waited since now at the longest.</summary>
    public void BeginStall()
    {
        if (_stalledSinceMs < 0)
        {
            _stalledSinceMs = session.Loop.NowMs;
        }

        session.IsInputStalled = true;
    }

    /// <summary>The request pump rechecks what it waits for.</summary>
    /// <param name="isInputEnded">The client's FIN has been read.</param>
    public void EndStall(bool isInputEnded)
    {
        if (session.IsInputStalled && session.Client.IsPeerClosed && !isInputEnded && session.Pipeline.IsHeld)
        {
            session.End(EndCause.ClientGaveUp);
        }

        session.IsInputStalled = false;
    }

    /// <summary>The kernel has no more input, so what comes next has not waited.</summary>
    public void OnDrained() => _stalledSinceMs = -1;

    /// <param name="input">The bytes just added to the pipeline's buffer.</param>
    public void Take(ReadOnlySpan<byte> input)
    {
        Pipeline pipeline = session.Pipeline;
        _scanner.Commands = session.Gate.View.Commands;
        while (!input.IsEmpty && !_isStopped && !pipeline.IsRaw)
        {
            if (TakePlain(ref input))
            {
                continue;
            }

            ScanStatus status = _scanner.Scan(input, out int consumed);
            _scanned += consumed;
            input = input[consumed..];
            switch (status)
            {
                case ScanStatus.Complete:
                    TakeRequest();
                    break;
                case ScanStatus.NeedMore:
                    TakePart();
                    break;
                default:
                    Refuse(_scanner.Error, _scanner.Got);
                    break;
            }
        }

        if (session.Link is { } link && (pipeline.IsRaw || _hasOpenRequest))
        {
            pipeline.ExtendSend(link);
        }

        ReleaseUnused(pipeline);
    }

    /// <summary>Writes it, or reads it into a new one. Of an incomplete request, <see cref="Take"/> gets the bytes again.</summary>
    /// <returns>Offset of the first byte to take.</returns>
    public long Carry(StateCodec codec)
    {
        _requestStart = codec.Int64(_requestStart);
        _scanned = _frameStart = codec.Int64(_frameStart);
        _followsNoOp = codec.Bool(_followsNoOp);
        _followsCaching = codec.Bool(_followsCaching);
        _changes.Carry(codec);
        return _frameStart;
    }

    private bool TakePlain(ref ReadOnlySpan<byte> input)
    {
        int taken = _scanner.IsAtBoundary && !_followsNoOp && !_followsCaching && !IsLockedOut
            ? PlainTraffic.TakeRequests(session, ref _scanner, input, _requestStart, _scanned, WaitsSinceMs)
            : 0;
        if (taken > 0)
        {
            _scanned += taken;
            _frameStart = _requestStart = _scanned;
            input = input[taken..];
        }

        return taken > 0;
    }

    private void TakeRequest()
    {
        if (_hasOpenRequest)
        {
            _hasOpenRequest = false;
            session.Pipeline.CloseOpenRequest(_scanned);
            _frameStart = _requestStart = _scanned;
        }
        else if (_scanner.IsNoOp)
        {
            Skip();
        }
        else if (IsLockedOut && _scanned - _frameStart > ClientAccess.MaxRequestBytes)
        {
            Refuse(ProtocolError.UnauthenticatedLength, 0);
        }
        else if (_scanner.IsInline || _scanner.Command.NeedsInspection || IsLockedOut)
        {
            Inspect();
        }
        else
        {
            Add(new Inspection(_scanner.Command, null), _scanned);
        }
    }

    /// <summary>The input ends within a request: forwards it before it is complete if it is too large to keep.</summary>
    private void TakePart()
    {
        if (_hasOpenRequest || !_scanner.IsHeadKnown)
        {
            return;
        }

        long atLeast = _scanner.FrameBytes + _scanner.OwedBytes;
        if (IsLockedOut && atLeast > ClientAccess.MaxRequestBytes)
        {
            Refuse(ProtocolError.UnauthenticatedLength, 0);
        }
        else if (_scanner.Command.NeedsInspection && atLeast > MaxInspectedBytes)
        {
            Refuse(ProtocolError.InvalidBulkLength, 0);
        }
        else if (!_scanner.Command.NeedsInspection && atLeast > session.Settings.MaxReplayBytes)
        {
            _hasOpenRequest = true;
            Add(new Inspection(_scanner.Command, null), PendingRequest.StillOpen);
        }
    }

    private void Inspect()
    {
        ReadOnlySpan<byte> frame = session.Pipeline.Buffer.Contiguous(_frameStart, _scanned);
        CommandTraits traits = _scanner.Command;
        List<byte[]> arguments;
        if (!_scanner.IsInline)
        {
            arguments = RequestArguments.Read(frame);
        }
        else if (!InlineRequest.TrySplit(frame, out arguments))
        {
            Refuse(ProtocolError.UnbalancedQuotes, 0);
            return;
        }
        else if (arguments.Count == 0)
        {
            Skip();
            return;
        }
        else
        {
            // Its words were split here, and by the server perhaps otherwise: that must not touch other clients.
            traits = _scanner.Commands.Find(arguments[0]);
            traits = traits with { Flags = traits.Flags & ~CommandFlags.Shareable };
        }

        if (!traits.NeedsInspection && !IsLockedOut)
        {
            Add(new Inspection(traits, null), _scanned);
            return;
        }

        if (RequestInspector.ErrorOf(traits, arguments) is not ProtocolError.None and var error)
        {
            Refuse(error, 0);
            return;
        }

        int length = (int)(_scanned - _frameStart);
        bool inTransaction = session.Pipeline.Ahead.IsOpen;
        Inspection inspection = session.Access is { } access
            ? access.Inspect(traits, arguments, length, inTransaction)
            : RequestInspector.Inspect(traits, arguments, inTransaction);
        inspection = session.Sharing is null ? inspection : SharedNames.Answer(inspection, arguments, length, inTransaction);
        inspection = inTransaction || !session.Settings.Handoffs ? inspection : HandoffRequests.Answer(inspection, arguments);
        if (inspection.Rewritten is { } rewritten)
        {
            session.Pipeline.Buffer.Overwrite(_frameStart, _scanned, rewritten);
        }

        Add(inspection, _scanned);
        _followsCaching = inspection.Change is not null && RequestInspector.IsCaching(arguments);

        // Redis closes after QUIT and executes nothing behind it.
        _isStopped |= traits.Kind == CommandKind.Quit;
    }

    private void Add(in Inspection inspection, long end)
    {
        Pipeline pipeline = session.Pipeline;
        StateChange? change = inspection.Change ?? (_followsCaching ? StateChange.EndOfCaching : null);
        bool endsFraming = inspection.EndsFraming;
        Outcome outcome = inspection.Answer;
        bool changesState = _changes.Add(inspection.Traits.Kind, change is not null, pipeline.Ahead.IsOpen);
        if (pipeline.Follow(inspection.Traits.Kind, ref outcome))
        {
            change = null;
            endsFraming = false;
        }

        var request = new PendingRequest
        {
            Start = _requestStart,
            End = end,
            WaitsSinceMs = WaitsSinceMs,
            Traits = inspection.Traits,
            Outcome = outcome,
            HasChange = change is not null,
            ChangesState = changesState && (change is not null || outcome == Outcome.Aborted),
            FollowsNoOp = _followsNoOp,
        };
        _frameStart = _requestStart = _scanned;
        _followsNoOp = false;
        _followsCaching = false;
        pipeline.Enqueue(request, change, endsFraming);
    }

    // Redis does not reply to these, and they need not be sent.
    private void Skip()
    {
        _frameStart = _requestStart = _scanned;
        _followsNoOp = true;
        if (session.Link is { HasUnsent: false } link && session.Pipeline.Waiting.IsEmpty)
        {
            link.SentTo = _scanned;
            link.SendEnd = _scanned;
        }
    }

    /// <summary>Answers bytes that are not a request in their place, after the replies to earlier requests, and ends the session.</summary>
    private void Refuse(ProtocolError error, byte got)
    {
        _isStopped = true;
        session.Counters.ProtocolErrors[(int)error]++;
        if (_hasOpenRequest)
        {
            // Part of this request was forwarded; an error reply would not be understood anywhere.
            session.End(EndCause.ClientProtocolError, abort: true);
            return;
        }

        session.Pipeline.RefusalText = ProxyReplies.For(error, got);
        Add(new Inspection(default, null, Answer: Outcome.ProtocolError), _scanned);
    }

    private void ReleaseUnused(Pipeline pipeline)
    {
        bool isThrownAway = _hasOpenRequest && pipeline.Count == 1 && pipeline.OldestQueue.Oldest.IsProxyReply;
        if (isThrownAway || (pipeline.Count == 0 && _scanner.IsAtBoundary && _requestStart == _scanned && !pipeline.IsRaw))
        {
            pipeline.Buffer.ReleaseTo(pipeline.Buffer.Received);
        }
    }
}
