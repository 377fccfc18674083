using RedisProxy.EventLoops;

namespace RedisProxy.Sessions;

/// <summary>
/// Ends sessions of one listener on one loop whose client has closed its sending half, and for which nothing has moved for five minutes:
/// the oldest request has got no reply, and nothing was sent to the client that belongs to one. Such a session has no other end when its
/// backend never answers, or was misunderstood. Looks from time to time, and only while there are sessions.
/// </summary>
internal sealed class UnansweredClients
{
    /// <summary>Longer than a command takes that anybody waits for with a closed sending half.</summary>
    private const long MaxQuietMs = 5 * 60_000;

    private const long LookIntervalMs = 60_000;

    private readonly Gate _gate;
    private readonly LoopTimer _timer;

    // What each stands at, and since when; only those of the last look.
    private Dictionary<Session, (long Request, long Relayed, long SinceMs)> _quiet = [];

    /// <param name="gate">Whose sessions.</param>
    public UnansweredClients(Gate gate)
    {
        _gate = gate;
        _timer = new LoopTimer(static self => ((UnansweredClients)self).Look(), this);
    }

    /// <summary>A session has begun.</summary>
    public void Begin()
    {
        if (!_timer.IsArmed)
        {
            Arm();
        }
    }

    private void Look()
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

    // Between two replies what is relayed are messages, which answer nothing.
    private static (long Request, long Relayed) PlaceOf(Session session)
    {
        Pipeline pipeline = session.Pipeline;
        bool isOfReply = pipeline.Count == 0 || pipeline.IsRaw || session.Link is { IsMidReply: true, IsMidMessage: false };
        return (pipeline.Count == 0 ? -1 : pipeline.OldestQueue.Oldest.Start, isOfReply ? session.Replies.SentBytes : -1);
    }

    private void Arm() => _gate.Loop.Timers.Arm(_timer, _gate.Loop.NowMs + LookIntervalMs);
}
