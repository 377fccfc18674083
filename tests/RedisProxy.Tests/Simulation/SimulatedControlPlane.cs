using System.Net;

using Microsoft.Extensions.Logging.Abstractions;

using RedisProxy.Configuration;
using RedisProxy.Servers;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Simulation;

/// <summary>
/// The control plane without its tasks and sockets: the product's election, signs and tracker, asked and told in the order of the
/// product's monitor and source (<see cref="SentinelMonitor"/>, <see cref="MasterActor"/>), with simulated links and a simulated probe.
/// A change of the order there belongs here, too.
/// </summary>
internal sealed class SimulatedControlPlane
{
    private const long HoldAskIntervalUs = 100_000;
    private const long FirstPatienceUs = 2_000_000;

    private readonly World _world;
    private readonly AddressPolicy _policy;
    private readonly MasterTracker _tracker;
    private readonly Func<IPEndPoint, SimulatedRedis?> _find;
    private readonly Action<TopologyView> _show;
    private readonly List<SimulatedSentinelLink> _links = [];
    private readonly EarlyAcceptance _early;
    private readonly HoldOptions _hold;
    private readonly IReadOnlyList<SimulatedRedis> _nodes;
    private SimulatedProbe? _probe;
    private TopologyView? _current;
    private long _heldAskedUs = long.MinValue / 2;
    private bool _suspicionIsPosted;
    private int _alarm;

    public SimulatedControlPlane(
        World world,
        ProxyOptions options,
        SentinelGroup group,
        Func<IPEndPoint, SimulatedRedis?> find,
        Action<TopologyView> show)
    {
        _world = world;
        _policy = new AddressPolicy(options);
        _hold = options.Hold;
        _early = new EarlyAcceptance(world.Time);
        _nodes = group.Nodes;
        _tracker = new MasterTracker("simulated", new PauseRules(options.Hold), isAlone: false, world.Time, NullLogger.Instance);
        _find = find;
        _show = show;
        _links.AddRange(group.Sentinels.Select(sentinel => new SimulatedSentinelLink(world, sentinel, Settle, Hear)));
    }

    public void Start()
    {
        _links.ForEach(link => link.Start());
        foreach (SimulatedRedis node in _nodes)
        {
            node.OnConnectionsEnd = () => _world.After(_world.Between(200, 5_000), LookAtReplicas);
        }

        LookAtReplicasAgain();
        Settle();
    }

    public long Suspect(SuspicionReason reason)
    {
        long number = _tracker.Suspicions.Raise();
        if (!_suspicionIsPosted)
        {
            _suspicionIsPosted = true;
            _world.After(_world.Between(5, 300), () =>
            {
                _suspicionIsPosted = false;
                _world.Note("suspected", number);
                _tracker.OnSuspicion();
                Settle();
            });
        }

        return number;
    }

    private void Hear(SimulatedSentinelLink link, SentinelEvent news)
    {
        link.Pace.Kick(news.IsDecisive);
        AskAll();
        if (!IsAbout(news))
        {
            return;
        }

        if (news.IsPromotionBegun)
        {
            _early.OnPromotionBegun(link.Sentinel.Endpoint);
            bool isOrdered = link.Report.Answer is not { SaysObjectivelyDown: true };
            _tracker.OnPromotionBegun(link.Sentinel.Endpoint.ToString(), isOrdered);
        }
        else if (news.IsPromotionSent)
        {
            _tracker.Pause?.IsPromoting = true;
        }
        else if (news.IsFailoverAborted)
        {
            _tracker.Pause?.AbortedBy = news.Name;
        }

        Settle();
    }

    private bool IsAbout(SentinelEvent news) =>
        _tracker.Accepted is { } accepted && news.MasterAddress is var (host, port)
            && accepted.Address.Equals(SentinelVote.Locate(HostEndpoint.ReadAnnounced(host, port), _policy, IPAddress.Parse));

    private void AskAll() => _links.ForEach(link => link.Pace.Kick());

    private void Settle()
    {
        long? againUs = Look();
        _tracker.Evaluate();
        Publish();
        if (_tracker.Accepted is { } accepted && _probe?.Generation != _tracker.Generation)
        {
            _probe?.Stop();
            _probe = new SimulatedProbe(_world, _tracker, _find(accepted.Address), Settle);
            _probe.Start();
        }

        if (_tracker.TakeWantsLook())
        {
            _probe?.Kick();
            AskAll();
        }

        WakeIn(againUs, _tracker.NextDeadline);
    }

    private long? Look()
    {
        SentinelVote[] votes = [.. _links.Select(link => SentinelVote.Of(link.Report, _policy, IPAddress.Parse))];
        ElectionResult result = MasterElection.Decide(_tracker.Accepted, votes, mayWait: _world.NowUs < FirstPatienceUs);
        if (result.Accepted is { } candidate && !(result.IsLowerEpoch && _early.Predecessor is not null))
        {
            // Nothing is ever reset here, so no majority can have a reason to go back; and none keeps one for as long as the product waits.
            if (candidate.Epoch < _tracker.Accepted?.Epoch)
            {
                _world.Violate($"the election went back from epoch {_tracker.Accepted.Epoch} to {candidate.Epoch}");
            }

            _world.Note("accepted", candidate.Address.Address.GetAddressBytes()[3], candidate.Epoch);
            _tracker.Accept(candidate, result.Who, result.Reason);
        }

        FailureSigns signs = ReadSigns(votes);
        _early.Judge(votes, _tracker.Accepted, _hold.PlannedTimeout);
        if ((signs.Any || _tracker.Pause is { Doubt: null }) && _hold.AcceptPromoted == PromotionProof.Observed
            && _tracker.Accepted is { } former && _early.Accept(former, votes, _policy) is { } promoted)
        {
            _world.Note("accepted early", promoted.Address.Address.GetAddressBytes()[3], promoted.Epoch);
            _tracker.Accept(promoted, "itself", "it has been promoted");
            signs = ReadSigns(votes);
        }

        _tracker.SetSigns(signs);
        _tracker.SetDoubt(_early.Doubt);
        if (_tracker.Phase != Availability.PlannedHold)
        {
            return _tracker.Accepted is null ? FirstPatienceUs : (long?)_early.Rest?.TotalMicroseconds;
        }

        if (_world.NowUs - _heldAskedUs >= HoldAskIntervalUs)
        {
            _heldAskedUs = _world.NowUs;
            AskAll();
        }

        return _heldAskedUs + HoldAskIntervalUs - _world.NowUs;
    }

    private FailureSigns ReadSigns(SentinelVote[] votes) =>
        _tracker.Accepted is { } master ? FailureSigns.Read(votes, master.Address) : FailureSigns.None;

    private void LookAtReplicasAgain()
    {
        LookAtReplicas();
        _world.After(_world.Between(900_000, 1_100_000), LookAtReplicasAgain);
    }

    private void LookAtReplicas()
    {
        ReplicaState[] states = [.. _nodes.Where(CanAnswer).Select(StateOf)];
        _world.After(_world.Between(50, 2_000), () =>
        {
            _early.Observe(new ReplicationView { Replicas = states }, _tracker.Accepted?.Address);
            Settle();
        });
    }

    private static bool CanAnswer(SimulatedRedis node) => node is { IsRunning: true, IsFrozen: false, IsBlackholed: false };

    private static ReplicaState StateOf(SimulatedRedis node) => new(new HostEndpoint(node.Address.Address.ToString(), node.Address.Port))
    {
        Address = node.Address,
        Facts = new ReplicationFacts { RunId = FormattableString.Invariant($"{node.Name}-{node.Starts}"), IsMaster = node.IsMaster },
    };

    private void Publish()
    {
        TopologyView view = _tracker.BuildView();
        if (view == _current)
        {
            return;
        }

        if (view.Generation < _current?.Generation || view.Epoch < _current?.Epoch)
        {
            _world.Violate($"the view went back: {_current} to {view}");
        }

        if (view.Generation != _current?.Generation)
        {
            _world.After(_world.Between(1_000, 55_000), LookAtReplicas);
        }

        _current = view;
        _world.Note(view.Availability.ToString(), view.Generation, view.CoversSuspicion);
        _show(view);
    }

    private void WakeIn(long? oneUs, TimeSpan? other)
    {
        long? otherUs = other is { } span ? (long)Math.Ceiling(span.TotalMilliseconds) * 1000 : null;
        int alarm = ++_alarm;
        if ((oneUs is null || otherUs < oneUs ? otherUs : oneUs) is { } dueUs)
        {
            _world.After(Math.Max(1000, dueUs), () =>
            {
                if (alarm == _alarm)
                {
                    Settle();
                }
            });
        }
    }
}
