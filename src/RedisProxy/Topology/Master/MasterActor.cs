using Microsoft.Extensions.Logging;

using RedisProxy.Actors;

namespace RedisProxy.Topology;

/// <summary>
/// The actor around one <see cref="MasterTracker"/>: takes suspicions from sessions, keeps a probe on the accepted master, and publishes
/// views. A finder reports where the master is: Sentinels (<see cref="SentinelMonitor"/>) or a configured address
/// (<see cref="StaticMasterSource"/>).
/// <para>After every message the finder looks again, the tracker re-evaluates, and the actor applies the result. Nothing else
/// changes state.</para>
/// </summary>
internal sealed class MasterActor
{
    private readonly MasterTracker _tracker;
    private readonly Func<TimeSpan?> _find;
    private readonly Action _askAround;
    private readonly ILogger _logger;
    private readonly List<ITopologyObserver> _observers = [];
    private volatile TopologyView _current;
    private ProbeSettings _probeSettings;
    private DeploymentSnapshot _deployment = DeploymentSnapshot.None;
    private volatile MasterProbe? _probe;
    private Inbox.Work? _probing;
    private long _probeGeneration;
    private int _suspicionIsPosted;

    /// <param name="tracker">Receives what the finder and the probe report.</param>
    /// <param name="find">The finder: reports to the tracker, and returns when it wants to be called again.</param>
    /// <param name="askAround">Makes the finder refresh its information at once.</param>
    /// <param name="probeSettings">How the master is probed.</param>
    /// <param name="logger">Receives failures.</param>
    public MasterActor(MasterTracker tracker, Func<TimeSpan?> find, Action askAround, ProbeSettings probeSettings, ILogger logger)
    {
        _tracker = tracker;
        _find = find;
        _askAround = askAround;
        _probeSettings = probeSettings;
        _logger = logger;
        _current = tracker.BuildView();
        Inbox = new Inbox(Settle, probeSettings.Time, logger);
    }

    public Inbox Inbox { get; }

    public TopologyView Current => _current;

    public FailoverHistory Failovers => _tracker.Timeline.History;

    public TimeSpan? ProbeRoundTrip => _probe?.RoundTrip;

    public long Suspect(SuspicionReason reason)
    {
        long number = _tracker.Suspicions.Raise();

        // Thousands of sessions may lose their master at once. One message is enough, as long as it is handled after the last number.
        if (Interlocked.Exchange(ref _suspicionIsPosted, 1) == 0)
        {
            Inbox.Post(() => TakeSuspicions(reason));
        }

        return number;
    }

    public void Subscribe(ITopologyObserver observer) => Inbox.Post(() =>
    {
        _observers.Add(observer);
        Show(observer, _current);
    });

    /// <summary>What the next view shows around the master. From messages only.</summary>
    public void SetDeployment(DeploymentSnapshot deployment) => _deployment = deployment.Reuse(_deployment);

    /// <summary>Runs a change as a message of this actor. Any thread.</summary>
    public void Post(Action change) => Inbox.Post(() =>
    {
        change();
        Settle();
    });

    /// <summary>Runs the action once everything posted before it has been handled and published.</summary>
    public void AfterAll(Action action) => Inbox.Post(action);

    /// <summary>Probes the master with these settings from now on. From messages only.</summary>
    public void UseProbe(ProbeSettings settings)
    {
        _probeSettings = settings;
        if (_tracker.Generation > 0)
        {
            StartProbe();
        }
    }

    public async Task RunAsync(CancellationToken stop)
    {
        Post(() => { });
        await Inbox.RunAsync(stop);
    }

    private void TakeSuspicions(SuspicionReason reason)
    {
        Interlocked.Exchange(ref _suspicionIsPosted, 0);
        MasterLog.Suspected(_logger, _current.MasterName, reason, _tracker.Suspicions.Newest);
        _tracker.OnSuspicion();
        Settle();
    }

    private void Settle()
    {
        TimeSpan? again = _find();
        _tracker.Evaluate();
        Publish(); // First: this fences a superseded master.
        if (_tracker.Generation != _probeGeneration)
        {
            StartProbe();
        }

        if (_tracker.TakeWantsLook())
        {
            _probe?.Kick();
            _askAround();
        }

        Inbox.WakeIn(Earlier(again, _tracker.NextDeadline));
    }

    private void StartProbe()
    {
        _probing?.Stop();
        _probeGeneration = _tracker.Generation;
        var probe = new MasterProbe(
            _tracker.BuildView().Master!, _probeGeneration, _probeSettings, () => _tracker.Suspicions.Newest, _logger);
        _probe = probe;
        _probing = Inbox.Start(stop => probe.RunAsync(seen => Post(() => _tracker.OnProbe(seen)), stop));
    }

    private void Publish()
    {
        TopologyView view = _deployment.Complete(_tracker.BuildView());
        if (view == _current)
        {
            return;
        }

        _current = view;
        foreach (ITopologyObserver observer in _observers)
        {
            Show(observer, view);
        }
    }

    // A bug in one observer must not keep the view from the others.
    private void Show(ITopologyObserver observer, TopologyView view)
    {
        try
        {
            observer.OnTopology(view);
        }
        catch (Exception failure)
        {
            ActorLog.MessageFailed(_logger, failure);
        }
    }

    private static TimeSpan? Earlier(TimeSpan? one, TimeSpan? other) => one is null || other < one ? other : one;
}
