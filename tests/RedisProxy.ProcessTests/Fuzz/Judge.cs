using System.Globalization;
using System.Text.RegularExpressions;

namespace RedisProxy.ProcessTests.Fuzz;

/// <summary>What became of a request, as far as its answer says.</summary>
internal enum Fate
{
    /// <summary>No answer, and none is due or it never came: it may have been executed.</summary>
    Unsaid,
    Executed,
    NotExecuted,
    Unknown,
}

/// <summary>What replies say.</summary>
/// <param name="Fates">Of each request.</param>
/// <param name="Problem">Empty: nothing is wrong with them.</param>
/// <param name="IsComplete">All have their answers.</param>
/// <param name="IsStateRefused">A change of state was not executed, and the client can know.</param>
/// <param name="IsLax">From some place on the client could not know what its requests would do, not even of redis itself.</param>
internal sealed record Reading(Fate[] Fates, string Problem, bool IsComplete, bool IsStateRefused, bool IsLax);

/// <summary>
/// Gives each reply to its request and says what is wrong. Without faults each must be the reference's. With faults it may also be
/// NOT-EXECUTED, UNKNOWN, a refusal, EXECABORT or nil in its place; never another one's.
/// </summary>
internal sealed partial class Judge(FuzzPlan plan, IReadOnlyList<FuzzRequest> requests, ReferenceRun reference)
{
    private readonly bool _hasFaults = plan.HasFaults;
    private readonly Fate[] _fates = new Fate[requests.Count];
    private bool _isStateRefused;
    private bool _isWatchRefused;
    private bool _hasWatched;
    private bool _hasSilence;
    private bool _isInTransaction;
    private bool _changesInTransaction;
    private bool _isVagueTransaction;
    private bool _isOwnAnswer;

    public static bool IsProxyError(string reply) => reply[0] == '-' && reply.Contains("RedisProxy:", StringComparison.Ordinal);

    /// <param name="replies">Of the proxied run.</param>
    /// <param name="isEnded">Nothing more will come.</param>
    public Reading Read(IReadOnlyList<string> replies, bool isEnded)
    {
        int taken = 0;
        for (int i = 0; i < requests.Count; i++)
        {
            Follow(requests[i]);
            if (requests[i].Is(RequestNature.Ends))
            {
                return End(taken == replies.Count ? "" : $"an answer to what ends the connection: {Frames.Show(replies[taken])}", isEnded);
            }

            List<string> expected = reference.Replies[i];
            for (int e = 0; e < expected.Count; e++)
            {
                if (taken == replies.Count)
                {
                    return End("", isComplete: false);
                }

                string actual = replies[taken++];
                _fates[i] = Match(requests[i], expected[e], actual);
                _isOwnAnswer = IsProxyError(actual);
                if (_fates[i] == Fate.Unsaid && IsEndOfLostState(replies.Skip(taken - 1), isEnded))
                {
                    // Who was refused a change of state, and its silence perhaps, is told of the rest that nothing of it was executed.
                    Array.Fill(_fates, Fate.NotExecuted, i, _fates.Length - i);
                    return End("", isComplete: true);
                }

                if (_fates[i] == Fate.Unsaid)
                {
                    return End(Describe(i, expected[e], actual), isComplete: false);
                }

                bool isInDoubt = expected[e].Contains("subscribe\r\n", StringComparison.Ordinal) || IsOfReplies(requests[i]);
                if (_hasFaults && _hasSilence && _fates[i] != Fate.Executed && isInDoubt)
                {
                    // Redis confirms in silence, but is silent about an error; and who may not be silent learns it from the reply only.
                    // Whose error this is cannot be told.
                    _fates[i] = Fate.Unsaid;
                    return End("", isComplete: true, isLax: true);
                }

                if ((_fates[i] != Fate.Executed || actual[0] == '-') && !requests[i].Is(RequestNature.IsMany))
                {
                    e = expected.Count;
                }
            }

            if (Conclude(requests[i], i, expected.Count > 0) is { } end)
            {
                return end;
            }
        }

        // A CLIENT REPLY OFF that waits too long is answered, and so is what was to be silent behind it; then the session must end.
        bool isRestRefused = taken < replies.Count && replies.Count - taken <= requests.Count && _hasFaults && _hasSilence
            && replies.Skip(taken).All(static reply => IsProxyError(reply) || IsPlayed(reply));
        _isStateRefused |= isRestRefused;
        return taken == replies.Count || (isRestRefused && isEnded)
            ? End("", isComplete: true)
            : End($"a reply too many: {Frames.Show(replies[taken])}", isComplete: true);
    }

    private bool IsEndOfLostState(IEnumerable<string> rest, bool isEnded) =>
        isEnded && _isStateRefused && rest.All(static reply => IsProxyError(reply) || IsPlayed(reply));

    private static bool IsPlayed(string reply) =>
        reply is "+OK\r\n" or "+QUEUED\r\n" || reply.StartsWith("-EXECABORT ", StringComparison.Ordinal);

    private Reading End(string problem, bool isComplete, bool isLax = false) =>
        new(_fates, problem, isComplete, _isStateRefused, isLax);

    private string Describe(int i, string expected, string actual) => string.Create(
        CultureInfo.InvariantCulture,
        $"request {i} ({requests[i].Words}) got {Frames.Show(actual)}, and the reference says {Frames.Show(expected)}");

    private static bool IsPop(FuzzRequest request) => request.Is(RequestNature.Blocks) && !request.Is(RequestNature.IsVolatile);

    private static bool IsOfReplies(FuzzRequest request) => request.Words.StartsWith("CLIENT REPLY", StringComparison.Ordinal);

    private void Follow(FuzzRequest request)
    {
        if (request.Is(RequestNature.Multi) && !_isInTransaction)
        {
            _isInTransaction = true;
            _changesInTransaction = _isVagueTransaction = false;
        }

        _changesInTransaction |= _isInTransaction && request.Is(RequestNature.ChangesState);
        _isVagueTransaction |= _isInTransaction && request.Is(RequestNature.Blocks | RequestNature.IsVolatile | RequestNature.Nested);
        _hasWatched |= request.Is(RequestNature.Watch);
        _hasSilence |= IsOfReplies(request);
    }

    /// <returns>Not null: what follows says nothing any more.</returns>
    private Reading? Conclude(FuzzRequest request, int i, bool isAnswered)
    {
        Fate fate = _fates[i];
        bool isLost = isAnswered && fate is Fate.NotExecuted or Fate.Unknown;
        _isStateRefused |= isLost && request.Is(RequestNature.ChangesState);
        _isWatchRefused |= isLost && request.Is(RequestNature.Watch);
        if (request.Is(RequestNature.Exec) && _isInTransaction)
        {
            _isInTransaction = false;
            if (isLost && _changesInTransaction && !_isOwnAnswer)
            {
                // As redis does it, so what follows is as it would be then.
                return End("", isComplete: true, isLax: true);
            }

            _isStateRefused |= isLost && _changesInTransaction;
            if (_isWatchRefused && fate == Fate.Executed && reference.Replies[i] is [['*', not '-', ..], ..])
            {
                return End($"request {i} (EXEC) was executed, and its WATCH was not", isComplete: true);
            }

            _isWatchRefused = false;
        }
        else if (request.Is(RequestNature.EndsWatch))
        {
            _isInTransaction &= request.Words.StartsWith("UNWATCH", StringComparison.OrdinalIgnoreCase);
            _isWatchRefused &= _isInTransaction;
        }

        return null;
    }

    private Fate Match(FuzzRequest request, string expected, string actual)
    {
        // A script of the transaction may have met a server's refusal.
        if (_hasFaults && _isVagueTransaction && request.Is(RequestNature.Exec) && actual[0] == '*'
            && actual.Contains("\r\n-", StringComparison.Ordinal) && !expected.Contains("\r\n-", StringComparison.Ordinal))
        {
            return Fate.Unknown;
        }

        if (Normal(expected) == Normal(actual) || IsOfItsKind(request, expected, actual))
        {
            return Fate.Executed;
        }

        if (!_hasFaults)
        {
            return Fate.Unsaid;
        }

        // A subscriber's MULTI that waited too long is played like any other, and so is what follows a WATCH that was lost.
        if (expected.StartsWith("-ERR Can't execute", StringComparison.Ordinal) && SubscriberPattern().IsMatch(actual)
            && (actual[0] == '-' || _isInTransaction || _hasWatched))
        {
            return Fate.NotExecuted;
        }

        if (actual[0] == '-')
        {
            // Who waits for work in a pop is closed instead; and a new master's replicas are waited for.
            bool isNever = (actual.StartsWith("-IOERR RedisProxy:", StringComparison.Ordinal) && IsPop(request) && !_isInTransaction)
                || (plan.AwaitsReplicas && actual.Contains("NOREPLICAS ", StringComparison.Ordinal));
            return isNever ? Fate.Unsaid : FateOf(request, actual);
        }

        // Of a transaction that can only end one way, the proxy says the server's part.
        bool isPlayed = _isInTransaction && (actual == "+QUEUED\r\n" || (request.Is(RequestNature.Multi) && actual == "+OK\r\n"));
        bool isConflict = request.Words.StartsWith("EXEC", StringComparison.Ordinal) && _hasWatched && actual is "*-1\r\n" or "_\r\n";
        return isConflict || isPlayed ? Fate.NotExecuted : Fate.Unsaid;
    }

    private static Fate FateOf(FuzzRequest request, string error)
    {
        if (error.Contains("RedisProxy:", StringComparison.Ordinal))
        {
            return error.StartsWith("-IOERR", StringComparison.Ordinal) ? Fate.Unknown : Fate.NotExecuted;
        }

        bool isRefusal = RefusalPattern().IsMatch(error);
        bool isInner = request.Is(RequestNature.Nested) && error.Contains("script", StringComparison.Ordinal);
        return isInner ? Fate.Unknown : isRefusal ? Fate.NotExecuted : Fate.Unsaid;
    }

    private bool IsOfItsKind(FuzzRequest request, string expected, string actual)
    {
        if (request.Is(RequestNature.IsVolatile))
        {
            // WAIT for writes to a lost master is answered here, wherever it stands.
            bool isOwn = actual == ":0\r\n" || actual.Contains("WAIT cannot", StringComparison.Ordinal);
            return expected[0] == actual[0] || (_hasFaults && request.Is(RequestNature.Blocks) && isOwn);
        }

        bool isNil = actual is "*-1\r\n" or "_\r\n" or "$-1\r\n";
        bool isPop = request.Is(RequestNature.Blocks) && (isNil || actual.Contains("elem", StringComparison.Ordinal));
        return expected[0] is '*' or '_' or '$'
            && (isPop || (request.Is(RequestNature.Exec) && _isVagueTransaction && actual[0] == '*' && !isNil));
    }

    /// <summary>Without what no two connections have in common.</summary>
    // An EXEC may have both in its reply.
    private static string Normal(string reply)
    {
        string normal = reply.Contains("\r\nredis\r\n", StringComparison.Ordinal) ? HelloId().Replace(reply, "id") : reply;
        return normal.Contains("laddr=", StringComparison.Ordinal)
            ? string.Join(' ', InfoField().Matches(normal).Select(static match => match.Value))
            : normal;
    }

    [GeneratedRegex(@"^-(EXECABORT |(EXECABORT Transaction discarded because of: )?(READONLY|MASTERDOWN|NOREPLICAS|UNBLOCKED force) )")]
    private static partial Regex RefusalPattern();

    [GeneratedRegex(@"^(-ERR MULTI calls|-ERR WATCH inside|\+OK|\+QUEUED)")]
    private static partial Regex SubscriberPattern();

    [GeneratedRegex(@"\bid\r\n:\d+|\$\d\r\n(master|replica|slave)\r\n")]
    private static partial Regex HelloId();

    [GeneratedRegex(@"\b(user|db|name|resp|sub|psub|multi|redir)=\S*")]
    private static partial Regex InfoField();
}
