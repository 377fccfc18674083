using Microsoft.Extensions.Logging;

using RedisProxy.Actors;
using RedisProxy.Configuration;
using RedisProxy.Servers;

namespace RedisProxy.Topology;

/// <summary>
/// Where a replica listener's sessions may connect: keeps the list of healthy replicas, or of the master in their place, and publishes it
/// as a view like a master's. A recovered replica must stay healthy for a moment before it is admitted; a failed one is removed at once.
/// <para>An actor: public methods from any thread, everything private on its inbox.</para>
/// </summary>
internal sealed class ReplicaSource : ITopologySource, ITopologyObserver
{
    /// <summary>A flapping replica is worse than one replica less.</summary>
    private static readonly TimeSpan Probation = TimeSpan.FromSeconds(2);

    /// <summary>How long replicas may take to find the master after it is back.</summary>
    private static readonly TimeSpan LinkGrace = TimeSpan.FromSeconds(10);

    /// <summary>At startup a silent replica alone does not send clients to the master.</summary>
    private static readonly TimeSpan FirstPatience = TimeSpan.FromSeconds(2);

    private readonly ReplicaWatch _watch;
    private readonly TopologyContext _context;
    private readonly string _listener;
    private readonly ILogger _logger;
    private readonly Inbox _inbox;
    private readonly MonotonicClock _clock;
    private readonly List<ITopologyObserver> _observers = [];
    private readonly Dictionary<HostEndpoint, TimeSpan> _fitSince = [];
    private readonly Dictionary<HostEndpoint, string> _objections = [];
    private readonly List<ReplicaTarget> _targets = [];
    private volatile TopologyView _current;
    private ReplicaOptions _options;
    private ReplicaTarget? _fallback;
    private long _fallbackGeneration;
    private long _generation;
    private TopologyView _view;
    private ReplicationView _replication = ReplicationView.None;
    private TimeSpan? _masterMissing;
    private bool _isStarted;

    /// <param name="master">Whose replicas.</param>
    /// <param name="watch">Of these.</param>
    /// <param name="listener">With role replica.</param>
    /// <param name="context">Clock and log.</param>
    public ReplicaSource(ITopologySource master, ReplicaWatch watch, ListenerOptions listener, TopologyContext context)
    {
        Master = master;
        _watch = watch;
        _context = context;
        _listener = listener.Name;
        _options = listener.Replicas;
        _logger = context.Loggers.CreateLogger<ReplicaSource>();
        _inbox = new Inbox(Settle, context.Time, _logger);
        _clock = new MonotonicClock(context.Time);
        _view = master.Current;
        _current = new TopologyView { MasterName = _view.MasterName, Reason = "the replicas have not been checked yet" };
    }

    /// <summary>The source of the master.</summary>
    public ITopologySource Master { get; }

    public TopologyView Current => _current;

    /// <summary>Empty: the serving replicas change all the time.</summary>
    public FailoverHistory Failovers { get; } = new();

    public TimeSpan? ProbeRoundTrip => null;

    public Lease? Lease => Master.Lease;

    public void AfterAll(Action action) => _inbox.Post(action);

    public long Suspect(SuspicionReason reason) => _watch.Suspect();

    public void OnPromoted(HostEndpoint replica) => Master.OnPromoted(replica);

    public void Subscribe(ITopologyObserver observer) => _inbox.Post(() =>
    {
        _observers.Add(observer);
        observer.OnTopology(_current);
    });

    public void OnTopology(TopologyView view) => _inbox.Post(() =>
    {
        _view = view;
        Settle();
    });

    public async Task RunAsync(CancellationToken stop)
    {
        Master.Subscribe(this);
        _watch.Subscribe(OnReplication);
        await _inbox.RunAsync(stop);
        _watch.Unsubscribe(OnReplication);
    }

    public void Reconfigure(ListenerOptions listener) => _inbox.Post(() =>
    {
        if (!listener.Replicas.Weights.OrderBy(weight => weight.Key.ToString()).SequenceEqual(
            _options.Weights.OrderBy(weight => weight.Key.ToString())))
        {
            // They are admitted anew, with their new shares.
            _targets.Clear();
        }

        _options = listener.Replicas;
        Settle();
    });

    private void OnReplication(ReplicationView view) => _inbox.Post(() =>
    {
        _replication = view;
        Settle();
    });

    private void Settle()
    {
        TimeSpan now = _clock.Now;
        _masterMissing = !_view.IsServing ? now : _masterMissing;
        bool mayLackLink = _masterMissing is { } missing && now - missing < LinkGrace;
        bool hasChanged = false;
        foreach (ReplicaState replica in _replication.Replicas)
        {
            if (!replica.WasLookedAt)
            {
                continue;
            }

            string? objection = ReplicaHealth.Objection(replica, _view, _options, mayLackLink && IsTarget(replica));
            hasChanged |= objection is null ? TryAdmit(replica, now) : TryDrop(replica.Endpoint, objection);
        }

        foreach (ReplicaTarget gone in _targets.Where(target => !IsListed(target)).ToArray())
        {
            hasChanged |= TryDrop(gone.Announced, "the Sentinels no longer list it");
        }

        hasChanged |= ChooseFallback(now);
        _generation += hasChanged ? 1 : 0;
        Publish(Build());
        _inbox.WakeIn(_targets.Count == 0 || _targets.Count < _replication.Replicas.Count ? Probation / 4 : null);
    }

    private bool IsTarget(ReplicaState replica) =>
        _targets.Exists(target => target.Announced == replica.Endpoint && target.Address.Equals(replica.Address));

    private bool IsListed(ReplicaTarget target) =>
        _replication.Replicas.Any(replica => replica.Endpoint == target.Announced && target.Address.Equals(replica.Address));

    private bool TryAdmit(ReplicaState replica, TimeSpan now)
    {
        _objections.Remove(replica.Endpoint);
        if (IsTarget(replica))
        {
            return false;
        }

        _fitSince.TryAdd(replica.Endpoint, now);
        bool isFirst = _targets.Count == 0 || !_isStarted;
        if (!isFirst && now - _fitSince[replica.Endpoint] < Probation)
        {
            return false;
        }

        // The first replica, or one present from the start, cannot wait for its share.
        _targets.Add(new ReplicaTarget(
            replica.Endpoint,
            replica.Address!,
            ++_generation,
            _options.WeightOf(replica.Address!.Address),
            isFirst ? TimeSpan.Zero : _options.SlowStart,
            _context.Time));
        ReplicaLog.Admitted(_logger, _listener, replica.Endpoint);
        return true;
    }

    private bool TryDrop(HostEndpoint replica, string objection)
    {
        _fitSince.Remove(replica);
        if (_objections.GetValueOrDefault(replica) is null)
        {
            _objections[replica] = objection;
            ReplicaLog.Unhealthy(_logger, _listener, replica, objection);
        }

        return _targets.RemoveAll(target => target.Announced == replica) > 0;
    }

    // The master stands in while there is no replica. A new master is another target.
    private bool ChooseFallback(TimeSpan now)
    {
        _isStarted |= _replication != ReplicationView.None && _replication.Replicas.Count > 0 && _replication.IsComplete;
        bool mayFallBack = _options.Fallback == ReplicaFallback.Master && _targets.Count == 0 && (_isStarted || now >= FirstPatience);
        ReplicaTarget? before = _fallback;
        if (!mayFallBack || _view.Master is not { } master)
        {
            _fallback = null;
        }
        else if (_fallback is null || _fallbackGeneration != _view.Generation)
        {
            _fallbackGeneration = _view.Generation;
            _fallback = new ReplicaTarget(master.Announced, master.Address, ++_generation, weight: 1);
            ReplicaLog.FallsBack(_logger, _listener, master.Announced);
        }

        return _fallback != before;
    }

    private TopologyView Build()
    {
        TopologyView view = new()
        {
            MasterName = _view.MasterName,
            Generation = _generation,
            CoversSuspicion = _replication.CoversSuspicion,
            Commands = _view.Commands,
            DemandsAuthentication = _view.DemandsAuthentication,
        };
        if (_targets.Count > 0)
        {
            return view with { Availability = Availability.Available, Targets = SameOrNew([.. _targets]) };
        }

        return _fallback is not null
            ? view with
            {
                Availability = _view.Availability,
                Reason = _view.Reason,
                IsPromoting = _view.IsPromoting,
                Targets = SameOrNew([_fallback]),
            }
            : view with
            {
                Availability = _isStarted ? Availability.Down : Availability.Unknown,
                Reason = _isStarted ? "no replica is healthy" : "the replicas have not been checked yet",
            };
    }

    // Views with the same targets must compare equal.
    private IReadOnlyList<ReplicaTarget> SameOrNew(ReplicaTarget[] targets) =>
        _current.Targets.SequenceEqual(targets) ? _current.Targets : targets;

    private void Publish(TopologyView view)
    {
        if (view != _current)
        {
            _current = view;
            _observers.ForEach(observer => observer.OnTopology(view));
        }
    }
}
