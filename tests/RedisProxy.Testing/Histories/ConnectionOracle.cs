using System.Globalization;

namespace RedisProxy.Testing.Histories;

/// <summary>
/// Knows everything that one connection sent, and judges whether each reply belongs to its request and can be true. Does no I/O, so that
/// histories can be built by hand. A connection with a finding is useless afterwards: all later replies may be shifted.
/// </summary>
internal sealed class ConnectionOracle(HistoryLog log, Identity identity)
{
    /// <summary>Transactions and WATCH are carried to the new master, so they are no reason to close a connection.</summary>
    public const bool TransactionsSurvive = true;

    private const int MaxKept = 64;
    private const int MaxShown = 8;
    private const int MaxShownChars = 100;

    // Per session, for sending it again (replay.maxBytesPerSession).
    private const int MaxKeptBytes = 64 * 1024;

    private readonly Queue<(Request Request, TimeSpan At)> _inFlight = new();
    private readonly Queue<Answered> _answered = new();
    private readonly HashSet<Transaction> _transactions = [];
    private bool _hasEnded;

    public Identity Identity => identity;

    /// <summary>There was a finding, or a request failed on which everything else depends.</summary>
    public bool IsSpent { get; private set; }

    public int Owed => _inFlight.Count;

    public void Sent(Request request, TimeSpan at)
    {
        _inFlight.Enqueue((request, at));
        if (request.Transaction is { } transaction)
        {
            _transactions.Add(transaction);
            transaction.Sent(request);
        }
    }

    public void Received(RawReply reply, TimeSpan at)
    {
        if (!_inFlight.TryDequeue(out (Request Request, TimeSpan At) sent))
        {
            Violate(ViolationKind.Misplaced, at, $"{Cut(reply)} answers nothing", null);
            return;
        }

        (Request request, TimeSpan sentAt) = sent;
        _answered.Enqueue(new Answered(request, reply, sentAt, at));
        if (_answered.Count > MaxKept)
        {
            _answered.Dequeue();
        }

        Finding? finding = reply.Kind == '>' ? new Finding(ViolationKind.Misplaced, "a push that nobody asked for") : null;
        WriteOutcome? outcome = OutcomeOf(request, reply);
        finding ??= reply.IsError
            ? Replies.Expect(IsAllowed(request, outcome), $"no {reply.ErrorCode}")
            : request.Judge(reply);
        if (finding is not null)
        {
            Violate(finding.Kind, at, $"{request} got {Cut(reply)}: {finding.Text}", request);
        }

        Note(request, reply, outcome ?? WriteOutcome.Unknown);
        string error = outcome == WriteOutcome.Acknowledged ? "" : reply.IsError ? reply.ErrorCode : "nil";
        request.Settled?.Invoke(new Settlement(outcome ?? WriteOutcome.Unknown, error, sentAt, at));
        if (request.EndsTransaction)
        {
            _transactions.Remove(request.Transaction!);
        }
    }

    /// <summary>No reply, or something that is not one.</summary>
    public void Fail(ViolationKind kind, TimeSpan at, string text) =>
        Violate(kind, at, text, _inFlight.TryPeek(out (Request Request, TimeSpan At) oldest) ? oldest.Request : null);

    /// <summary>The connection is gone. Only the first call counts.</summary>
    /// <param name="byPeer">False: this side closed it.</param>
    /// <param name="hasPart">Part of a reply had arrived.</param>
    /// <param name="how">For counts and messages.</param>
    /// <param name="at">Now.</param>
    public void Ended(bool byPeer, bool hasPart, string how, TimeSpan at)
    {
        if (_hasEnded)
        {
            return;
        }

        _hasEnded = true;
        if (byPeer)
        {
            CloseState state = StateNow(hasPart);
            log.Add(state);
            bool isAllowed = state == CloseState.Torn
                || (!TransactionsSurvive && state is CloseState.Transaction or CloseState.Watch);
            if (!isAllowed)
            {
                Fail(ViolationKind.Closed, at, $"closed ({how}) in state {state}");
            }
        }

        foreach (Transaction transaction in _transactions)
        {
            transaction.Abandon(at);
        }

        while (_inFlight.TryDequeue(out (Request Request, TimeSpan At) sent))
        {
            log.Add(WriteOutcome.Broken);
            sent.Request.Settled?.Invoke(new Settlement(WriteOutcome.Broken, how, sent.At, at));
        }

        _transactions.Clear();
        IsSpent = true;
    }

    /// <summary>An acknowledgement on this connection was contradicted later.</summary>
    public void Lost(LostAcknowledgement lost) => log.Add(lost with { History = HistoryOf(lost.Subject, null) });

    private static WriteOutcome? OutcomeOf(Request request, RawReply reply)
    {
        if (reply.IsError)
        {
            return request.OutcomeOf(reply.ErrorCode);
        }

        return request.EndsTransaction && reply.IsNull ? WriteOutcome.OtherError : WriteOutcome.Acknowledged;
    }

    private void Note(Request request, RawReply reply, WriteOutcome outcome)
    {
        log.Add(outcome);
        IsSpent |= request.IsEssential && outcome != WriteOutcome.Acknowledged;
        if (request.Command == "EXEC")
        {
            log.Add(reply.IsError ? $"EXEC {reply.ErrorCode}" : reply.IsNull ? "EXEC nil" : "EXEC");
        }
        else if (reply.IsError)
        {
            // For these it matters which requests got them.
            bool isNamed = outcome == WriteOutcome.OtherError || (request.IsRead && outcome == WriteOutcome.Unknown);
            log.Add(isNamed ? $"{request.Command} {reply.ErrorCode}" : reply.ErrorCode);
        }
    }

    // The outcome of a read may be unknown only if more follows it than can be kept.
    private bool IsAllowed(Request request, WriteOutcome? outcome) =>
        outcome is not null && (outcome != WriteOutcome.Unknown || !request.IsSentAgain
            || _inFlight.Sum(sent => sent.Request.Words.Sum(word => (long)word.Length)) > MaxKeptBytes);

    private CloseState StateNow(bool hasPart)
    {
        if (_inFlight.TryPeek(out (Request Request, TimeSpan At) oldest) && (oldest.Request.HasLargeReply || hasPart))
        {
            return oldest.Request.HasLargeReply ? CloseState.Torn : CloseState.InFlight;
        }

        if (_transactions.Count > 0)
        {
            return _transactions.Any(t => t.HasWatch) ? CloseState.Watch : CloseState.Transaction;
        }

        return _inFlight.Count == 0 ? CloseState.Idle
            : _inFlight.Any(sent => sent.Request.IsBlocking) ? CloseState.Blocking : CloseState.InFlight;
    }

    private void Violate(ViolationKind kind, TimeSpan at, string text, Request? request)
    {
        IsSpent = true;
        string who = $"connection {identity.Connection} (database {identity.Database}, {(identity.IsResp3 ? "RESP3" : "RESP2")}, "
            + $"user {identity.User})";
        // A shifted reply shows in its neighbours, anything else in requests with the same subject.
        string? subject = kind is ViolationKind.Misplaced or ViolationKind.Silent or ViolationKind.Closed ? null : request?.Subject;
        log.Add(new Violation(kind, at, $"{who}: {text}", HistoryOf(subject, request)));
    }

    private string[] HistoryOf(string? subject, Request? request) =>
    [
        .. _answered.Where(a => subject is null || a.Request.Subject == subject || a.Request == request).TakeLast(MaxShown)
            .Select(a => $"{Show(a.SentAt)} → {Show(a.At)} {a.Request}: {Cut(a.Reply)}"),
        .. _inFlight.Where(sent => subject is null || sent.Request.Subject == subject).Take(MaxShown)
            .Select(sent => $"{Show(sent.At)} → (in flight) {sent.Request}"),
    ];

    private static string Show(TimeSpan at) => at.TotalSeconds.ToString("0.000", CultureInfo.InvariantCulture);

    private static string Cut(RawReply reply)
    {
        string text = reply.ToString();
        return text.Length > MaxShownChars ? $"{text[..MaxShownChars]}…({text.Length})" : text;
    }

    private sealed record Answered(Request Request, RawReply Reply, TimeSpan SentAt, TimeSpan At);
}
