using RedisProxy.EventLoops;

namespace RedisProxy.Sessions;

/// <summary>
/// Ends sessions of one listener on one loop that have not authenticated in time, where that is demanded. Looks from time to time, and
/// only while there are sessions, so nobody who authenticates pays for it.
/// </summary>
internal sealed class AuthenticationDeadline
{
    private const int LooksPerTimeout = 4;

    private readonly Gate _gate;
    private readonly Func<long> _timeoutMs;
    private readonly LoopTimer _timer;

    // Since when each has been seen without a user; only those of the last look.
    private Dictionary<Session, long> _strangers = [];
    private long _lookedAtMs;

    /// <param name="gate">Whose sessions.</param>
    /// <param name="timeoutMs">Of now; 0: none.</param>
    public AuthenticationDeadline(Gate gate, Func<long> timeoutMs)
    {
        _gate = gate;
        _timeoutMs = timeoutMs;
        _timer = new LoopTimer(static self => ((AuthenticationDeadline)self).Look(), this);
    }

    /// <summary>A session has begun.</summary>
    public void Begin()
    {
        if (!_timer.IsArmed && _timeoutMs() is > 0 and long timeout)
        {
            _lookedAtMs = _gate.Loop.NowMs;
            Arm(timeout);
        }
    }

    private void Look()
    {
        long timeout = _timeoutMs();
        long now = _gate.Loop.NowMs;
        (Dictionary<Session, long> before, long lookedAt) = (_strangers, _lookedAtMs);
        (_strangers, _lookedAtMs) = ([], now);
        foreach (Session session in _gate.Sessions.Where(IsStranger).ToArray())
        {
            // One that has a user no more (RESET) has been a stranger since the last look at the longest.
            long since = before.TryGetValue(session, out long known) ? known : Math.Max(session.StartedAtMs, lookedAt);
            _strangers.Add(session, since);
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

    // Not while it waits for an answer, which may be the one to its AUTH.
    private bool IsStranger(Session session) =>
        !session.IsEnded && session.Pipeline.Count == 0 && _gate.View.IsServing
        && (session.Access is { } access ? access.IsLockedOut : _gate.View.DemandsAuthentication && session.State.Identity.User is null);

    private void Arm(long timeout) => _gate.Loop.Timers.Arm(_timer, _gate.Loop.NowMs + Math.Max(1, timeout / LooksPerTimeout));
}
