using RedisProxy.Topology;

namespace RedisProxy.Tests.Simulation;

/// <summary>The proxy's connection to one Sentinel: it asks at its pace, hears events, and is lost and found again.</summary>
internal sealed class SimulatedSentinelLink
{
    private const long PollUs = 1_000_000;

    private readonly World _world;
    private readonly Action _onReport;
    private long _lastArrivalUs;

    /// <param name="world">Where.</param>
    /// <param name="sentinel">To whom.</param>
    /// <param name="onReport">There is a new <see cref="Report"/>.</param>
    /// <param name="onEvent">The Sentinel announces something.</param>
    public SimulatedSentinelLink(
        World world, SimulatedSentinel sentinel, Action onReport, Action<SimulatedSentinelLink, SentinelEvent> onEvent)
    {
        _world = world;
        _onReport = onReport;
        Sentinel = sentinel;
        Report = new SentinelReport { Sentinel = sentinel.Endpoint };
        Pace = new SimulatedPace(world, Ask);
        sentinel.OnEvent = (_, news) => ArriveLater(() => onEvent(this, news));
    }

    public SimulatedSentinel Sentinel { get; }

    public SimulatedPace Pace { get; }

    public SentinelReport Report { get; private set; }

    public void Start() => _world.After(_world.Between(500, 20_000), Pace.Begin);

    private void Ask() => _world.After(_world.Between(50, 1_500), () =>
    {
        if (!Sentinel.IsReachable)
        {
            ArriveLater(() => Take(Report with { IsReachable = false, HasSpoken = true, Error = "lost" }, 400_000));
            return;
        }

        // SENTINEL MASTER first, then the address: what happens between is seen in the second only.
        SentinelAnswer answer = Sentinel.Answer();
        long askedAt = _world.Time.GetTimestamp();
        _world.After(_world.Chance(80) ? 0 : _world.Between(1, 300), () =>
        {
            answer = answer with { Master = Sentinel.Answer().Master };
            SentinelReport report = Report with { IsReachable = true, HasSpoken = true, AskedAt = askedAt, Answer = answer, Error = "" };
            ArriveLater(() => Take(report, PollUs));
        });
    });

    private void Take(SentinelReport report, long nextUs)
    {
        Report = report;
        Pace.End(nextUs + _world.Between(-nextUs / 5, nextUs / 5));
        _onReport();
    }

    private void ArriveLater(Action arrive)
    {
        _lastArrivalUs = Math.Max(_lastArrivalUs, _world.NowUs + _world.Between(50, 3_000));
        _world.At(_lastArrivalUs, arrive);
    }
}
