namespace RedisProxy.Testing.Histories;

/// <summary>
/// What was done to the deployment and when, by the clock of the history. Replication is asynchronous: redis that is killed or frozen may
/// stop between its replies of one turn and the same turn's stream to the replicas, and no proxy can change that. So what was
/// acknowledged around such a moment may be gone; nothing else may.
/// </summary>
internal sealed class FaultLog
{
    /// <summary>Of acknowledgements before the moment.</summary>
    public static readonly TimeSpan LastMoment = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// Of acknowledgements that were sent before and read after it, because a busy machine reads late. Shorter than any failover.
    /// </summary>
    public static readonly TimeSpan ReadLate = TimeSpan.FromMilliseconds(750);

    private static readonly TimeSpan ShownBefore = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan ShownAfter = TimeSpan.FromSeconds(4);

    private readonly Lock _gate = new();
    private readonly List<(TimeSpan At, string Text)> _events = [];
    private readonly List<(FaultKind Kind, TimeSpan From, TimeSpan To)> _stops = [];

    public IReadOnlyList<string> All
    {
        get
        {
            lock (_gate)
            {
                return [.. _events.OrderBy(e => e.At).Select(Show)];
            }
        }
    }

    public void Add(TimeSpan at, string text)
    {
        lock (_gate)
        {
            _events.Add((at, text));
        }
    }

    /// <summary>The master was killed or frozen: what it acknowledged in this moment may be lost.</summary>
    /// <param name="kind">How.</param>
    /// <param name="from">Before the signal was sent.</param>
    /// <param name="to">When it had surely come.</param>
    public void AddStop(FaultKind kind, TimeSpan from, TimeSpan to)
    {
        lock (_gate)
        {
            _stops.Add((kind, from, to));
        }
    }

    /// <summary>How often the master was stopped that way.</summary>
    public int Stops(FaultKind kind)
    {
        lock (_gate)
        {
            return _stops.Count(stop => stop.Kind == kind);
        }
    }

    /// <summary>The fault in whose moment a request was acknowledged; null when there was none.</summary>
    public FaultKind? Excuse(LostAcknowledgement acknowledgement)
    {
        lock (_gate)
        {
            return _stops
                .Where(stop => acknowledgement.AnsweredAt > stop.From - LastMoment && acknowledgement.AnsweredAt < stop.To + ReadLate
                    && acknowledgement.SentAt < stop.To)
                .Select(stop => (FaultKind?)stop.Kind)
                .FirstOrDefault();
        }
    }

    /// <summary>What was done shortly before and after that time.</summary>
    public IReadOnlyList<string> Around(TimeSpan at)
    {
        lock (_gate)
        {
            return [.. _events.Where(e => e.At > at - ShownBefore && e.At < at + ShownAfter).OrderBy(e => e.At).Select(Show)];
        }
    }

    private static string Show((TimeSpan At, string Text) e) => $"{e.At.TotalSeconds:0.000} {e.Text}";
}
