namespace RedisProxy.Testing.Histories;

/// <summary>
/// The faults of the deployment and their times, on the clock of the history. Replication is asynchronous: a killed or frozen redis may
/// stop between the replies of one loop iteration and the replication stream of the same iteration, which no proxy can change. So what
/// was acknowledged around such a moment may be gone; nothing else may.
/// </summary>
internal sealed class FaultLog
{
    /// <summary>For acknowledgements before the moment.</summary>
    public static readonly TimeSpan LastMoment = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// For acknowledgements sent before and read after it, because a busy machine reads late. Shorter than any failover.
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

    /// <summary>The master was killed or frozen: writes acknowledged at this moment may be lost.</summary>
    /// <param name="kind">The fault.</param>
    /// <param name="from">Before the signal was sent.</param>
    /// <param name="to">When it had certainly arrived.</param>
    public void AddStop(FaultKind kind, TimeSpan from, TimeSpan to)
    {
        lock (_gate)
        {
            _stops.Add((kind, from, to));
        }
    }

    /// <summary>How often the master was stopped in this way.</summary>
    public int Stops(FaultKind kind)
    {
        lock (_gate)
        {
            return _stops.Count(stop => stop.Kind == kind);
        }
    }

    /// <summary>The fault during which a request was acknowledged; null if there was none.</summary>
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

    /// <summary>The faults shortly before and after this time.</summary>
    public IReadOnlyList<string> Around(TimeSpan at)
    {
        lock (_gate)
        {
            return [.. _events.Where(e => e.At > at - ShownBefore && e.At < at + ShownAfter).OrderBy(e => e.At).Select(Show)];
        }
    }

    private static string Show((TimeSpan At, string Text) e) => $"{e.At.TotalSeconds:0.000} {e.Text}";
}
