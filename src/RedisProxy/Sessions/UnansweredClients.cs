using RedisProxy.EventLoops;

namespace RedisProxy.Sessions;

/// <summary>
/// Ends sessions of one listener on one loop whose client has closed its sending half and which have made no progress for five minutes: no
/// reply to the oldest request, and no bytes of a reply sent to the client. Nothing else would end such a session when its backend
/// never answers, or was misunderstood. Checks periodically, and only while there are sessions.
/// </summary>
internal sealed class UnansweredClients
{
    /// <summary>Longer than any command for whose reply a client waits with its sending half closed.</summary>
    private const long MaxQuietMs = 5 * 60_000;

    private const long CheckIntervalMs = 60_000;

    private readonly Gate _gate;
    private readonly LoopTimer _timer;

    // Each session's progress, and since when it has not changed; only those of the last check.
    private Dictionary<Session, (long Request, long Relayed, long SinceMs)> _quiet = [];

    /// <param name="gate">Whose sessions.</param>
    public UnansweredClients(Gate gate)
    {
        _gate = gate;
        _timer = new LoopTimer(static self => ((UnansweredClients)self).Check(), this);
    }

    /// <summary>A session has started.</summary>
    public void Begin()
    {
        if (!_timer.IsArmed)
        {
            Arm();
        }
    }

    private void Check()
    {
        long now = _gate.Loop.NowMs;
        Dictionary<Session, (long Request, long Relayed, long SinceMs)> before = _quiet;
        _quiet = [];
        foreach (Session session in _gate.Sessions)
        {
            if (session.IsEnded || !session.IsClientFinished)
            {
                continue;
            }

            (long request, long relayed) = PlaceOf(session);
            bool isQuiet = before.TryGetValue(session, out var seen) && (seen.Request, seen.Relayed) == (request, relayed);
            _quiet.Add(session, (request, relayed, isQuiet ? seen.SinceMs : now));
        }

        foreach ((Session session, (_, _, long sinceMs)) in _quiet)
        {
            if (now - sinceMs >= MaxQuietMs)
            {
                session.End(EndCause.Unanswered, abort: true);
            }
        }

        if (_gate.Users.Count > 0)
        {
            Arm();
        }
    }

    // Between two replies only messages are relayed, which answer nothing.
    private static (long Request, long Relayed) PlaceOf(Session session)
    {
        Pipeline pipeline = session.Pipeline;
        bool isOfReply = pipeline.Count == 0 || pipeline.IsRaw || session.Link is { IsMidReply: true, IsMidMessage: false };
        return (pipeline.Count == 0 ? -1 : pipeline.OldestQueue.Oldest.Start, isOfReply ? session.Replies.SentBytes : -1);
    }

    private void Arm() => _gate.Loop.Timers.Arm(_timer, _gate.Loop.NowMs + CheckIntervalMs);
}
