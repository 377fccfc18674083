using System.Net;

using Microsoft.Extensions.Logging.Abstractions;

using RedisProxy.Configuration;
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
    private SimulatedProbe? _probe;
    private TopologyView? _current;
    private long _heldAskedUs = long.MinValue / 2;
    private bool _suspicionIsPosted;
    private int _alarm;

    public SimulatedControlPlane(
        World world,
        ProxyOptions options,
        IEnumerable<SimulatedSentinel> sentinels,
        Func<IPEndPoint, SimulatedRedis?> find,
        Action<TopologyView> show)
    {
        _world = world;
        _policy = new AddressPolicy(options);
        _tracker = new MasterTracker("simulated", new PauseRules(options.Hold), isAlone: false, world.Time, NullLogger.Instance);
        _find = find;
        _show = show;
        _links.AddRange(sentinels.Select(sentinel => new SimulatedSentinelLink(world, sentinel, Settle, Hear)));
    }

    public void Start()
    {
        _links.ForEach(link => link.Start());
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
        if (result.Accepted is { } candidate)
        {
            // Nothing is ever reset here, so no majority can have a reason to go back.
            if (candidate.Epoch < _tracker.Accepted?.Epoch)
            {
                _world.Violate($"the election went back from epoch {_tracker.Accepted.Epoch} to {candidate.Epoch}");
            }

            _world.Note("accepted", candidate.Address.Address.GetAddressBytes()[3], candidate.Epoch);
            _tracker.Accept(candidate, result.Who, result.Reason);
        }

        _tracker.SetSigns(_tracker.Accepted is { } master ? FailureSigns.Read(votes, master.Address) : FailureSigns.None);
        if (_tracker.Phase != Availability.PlannedHold)
        {
            return _tracker.Accepted is null ? FirstPatienceUs : null;
        }

        if (_world.NowUs - _heldAskedUs >= HoldAskIntervalUs)
        {
            _heldAskedUs = _world.NowUs;
            AskAll();
        }

        return _heldAskedUs + HoldAskIntervalUs - _world.NowUs;
    }

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
