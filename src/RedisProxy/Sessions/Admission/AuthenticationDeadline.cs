using RedisProxy.EventLoops;

namespace RedisProxy.Sessions;

/// <summary>
/// Ends sessions of one listener on one loop that have not authenticated in time, where that is required. Checks periodically, and only
/// while there are sessions, so that authenticated sessions pay nothing for it.
/// </summary>
internal sealed class AuthenticationDeadline
{
    private const int ChecksPerTimeout = 4;

    private readonly Gate _gate;
    private readonly Func<long> _timeoutMs;
    private readonly LoopTimer _timer;

    // Since when each has been without a user; only those of the last check.
    private Dictionary<Session, long> _unauthenticated = [];
    private long _checkedAtMs;

    /// <param name="gate">Whose sessions.</param>
    /// <param name="timeoutMs">The current timeout; 0: none.</param>
    public AuthenticationDeadline(Gate gate, Func<long> timeoutMs)
    {
        _gate = gate;
        _timeoutMs = timeoutMs;
        _timer = new LoopTimer(static self => ((AuthenticationDeadline)self).Check(), this);
    }

    /// <summary>A session has started.</summary>
    public void Begin()
    {
        if (!_timer.IsArmed && _timeoutMs() is > 0 and long timeout)
        {
            _checkedAtMs = _gate.Loop.NowMs;
            Arm(timeout);
        }
    }

    private void Check()
    {
        long timeout = _timeoutMs();
        long now = _gate.Loop.NowMs;
        (Dictionary<Session, long> before, long checkedAt) = (_unauthenticated, _checkedAtMs);
        (_unauthenticated, _checkedAtMs) = ([], now);
        foreach (Session session in _gate.Sessions.Where(IsUnauthenticated).ToArray())
        {
            // A session that lost its user (RESET) has been unauthenticated since the last check at the longest.
            long since = before.TryGetValue(session, out long known) ? known : Math.Max(session.StartedAtMs, checkedAt);
            _unauthenticated.Add(session, since);
            if (timeout > 0 && now - since >= timeout)
            {
                session.End(EndCause.NotAuthenticated);
            }
        }

        if (timeout > 0 && _gate.Users.Count > 0)
        {
            Arm(timeout);
        }
    }

    // Not while a reply is due: it may be the one to its AUTH.
    private bool IsUnauthenticated(Session session) =>
        !session.IsEnded && session.Pipeline.Count == 0 && _gate.View.IsServing
        && (session.Access is { } access ? access.IsLockedOut : _gate.View.DemandsAuthentication && session.State.Identity.User is null);

    private void Arm(long timeout) => _gate.Loop.Timers.Arm(_timer, _gate.Loop.NowMs + Math.Max(1, timeout / ChecksPerTimeout));
}
