using Microsoft.Extensions.Logging;

using RedisProxy.Actors;
using RedisProxy.Configuration;

namespace RedisProxy.Topology;

/// <summary>
/// All known Sentinels, with one link to each, whatever the number of masters: the configured ones, and those that a connected one
/// lists. It keeps the answers of each and reports them to the listener of each master. It does not judge them.
/// <para>A Sentinel is recognised by its id, because it may be reached under several addresses. One link stays: a configured one
/// rather than a discovered one, else the earlier. A redundant configured link is parked, and is tried again when the other one is
/// lost, because its name may lead to another Sentinel then.</para>
/// <para>Public methods from any thread; everything private runs on the inbox.</para>
/// </summary>
internal sealed class SentinelSet : ISentinelLinkOwner
{
    /// <summary>A Sentinel that lists more is not trusted.</summary>
    public const int MaxSentinels = 64;

    private readonly ILogger _logger;
    private readonly Inbox _inbox;
    private readonly SentinelHearing _hearing;
    private readonly List<KnownSentinel> _known = [];
    private volatile SentinelLink[] _links = [];
    private volatile ISentinelListener[] _listeners = [];
    private SentinelAccess _access;
    private AddressPolicy _policy;
    private SentinelQuestions _questions;
    private bool _isFull;

    /// <param name="masters">By name.</param>
    /// <param name="access">How Sentinels are reached.</param>
    /// <param name="policy">Maps announced addresses.</param>
    /// <param name="lease">Knows whether any loop needs it.</param>
    /// <param name="renew">Receives the moments as of which all Sentinels have answered.</param>
    public SentinelSet(IEnumerable<string> masters, SentinelAccess access, AddressPolicy policy, Lease lease, Action<long> renew)
    {
        Lease = lease;
        _access = access;
        _policy = policy;
        _questions = new SentinelQuestions(masters);
        _logger = access.Context.Loggers.CreateLogger<SentinelSet>();
        _inbox = new Inbox(OnBeat, access.Context.Time, _logger);
        _hearing = new SentinelHearing(lease, access.Context.Time, renew, _logger);
        lease.OnNeeded = () =>
        {
            AskAll(isUrgent: true);
            _inbox.Post(OnBeat);
        };
    }

    public Lease Lease { get; }

    /// <summary>Before the start: this listener receives all reports about its master.</summary>
    public void Watch(ISentinelListener listener) => _listeners = [.. _listeners, listener];

    public Task RunAsync(CancellationToken stop)
    {
        _inbox.Post(AddConfigured);
        _inbox.Post(OnBeat);
        return _inbox.RunAsync(stop);
    }

    /// <summary>
    /// Watches these masters, with this access, from now on. Sentinels that stay are reconnected when the access has changed; their last
    /// answers stay valid until they answer again.
    /// </summary>
    public void Reconfigure(IReadOnlyList<ISentinelListener> listeners, SentinelAccess access, AddressPolicy policy) => _inbox.Post(() =>
    {
        bool isSpokenToOtherwise = !listeners.SequenceEqual(_listeners) || access.Socket != _access.Socket
            || (access.Options.Username, access.Options.Password, access.Options.PollInterval)
                != (_access.Options.Username, _access.Options.Password, _access.Options.PollInterval);
        _listeners = [.. listeners];
        _access = access;
        _policy = policy;
        _questions = new SentinelQuestions(listeners.Select(listener => listener.MasterName));
        HostEndpoint[] configured = Configured();
        foreach (KnownSentinel known in _known.FindAll(one => one.IsConfigured != configured.Contains(one.Endpoint)))
        {
            // It is discovered again where it is still listed.
            Remove(known);
        }

        foreach (KnownSentinel known in isSpokenToOtherwise ? _known.FindAll(one => !one.IsParked) : [])
        {
            known.StopLink();
            StartLink(known);
        }

        AddConfigured();
    });

    /// <summary>Asks every Sentinel again at once, as far as each link's pacer allows.</summary>
    /// <param name="isUrgent">Requests are waiting for the answer.</param>
    public void AskAll(bool isUrgent = false) => Array.ForEach(_links, link => link.Kick(isUrgent));

    public void OnOpened(SentinelLink link, string id) => Post(link, known => TakeIdentity(known, id));

    public void OnClosed(SentinelLink link, string reason) => Post(link, known => TakeLoss(known, reason));

    public void OnRound(SentinelLink link, SentinelRound round) => Post(link, known => TakeRound(known, round));

    public void OnHeard(SentinelLink link, long asOf, bool isFar) =>
        Post(link, known => _hearing.OnHeard(known.Endpoint, asOf, isFar));

    public void OnEvent(SentinelLink link, SentinelEvent news)
    {
        SentinelLog.SentinelSaid(_logger, link.Endpoint, news.Name, news.Payload);
        if (news.MasterName is null || _listeners.Any(listener => listener.MasterName == news.MasterName))
        {
            link.Kick(news.IsDecisive);
            AskAll();
            Lease.Need();
        }

        // Other events have served their purpose by now: a flood of events must not become a flood of messages.
        if (news.IsOfUse)
        {
            Post(link, known => TakeEvent(known, news));
        }
    }

    /// <summary>A message about a link; ignored when that link is no longer in use.</summary>
    private void Post(SentinelLink link, Action<KnownSentinel> message) => _inbox.Post(() =>
    {
        if (_known.Find(one => one.Link == link) is { } known)
        {
            message(known);
        }
    });

    private void OnBeat() => _inbox.WakeIn(_hearing.OnBeat());

    private void AddConfigured()
    {
        foreach (HostEndpoint endpoint in Configured().Where(endpoint => !_known.Exists(known => known.Endpoint == endpoint)))
        {
            Add(new KnownSentinel(endpoint, isConfigured: true));
        }
    }

    private HostEndpoint[] Configured() => [.. _access.Options.Endpoints.Select(static endpoint => endpoint.Canonical).Distinct()];

    private void Add(KnownSentinel known)
    {
        _known.Add(known);
        StartLink(known);
        Report(known);
    }

    private void StartLink(KnownSentinel known)
    {
        var link = new SentinelLink(known.Endpoint, _questions, _access, this);
        known.Use(link, _inbox.Start(link.RunAsync));
        _links = [.. _known.Select(one => one.Link).OfType<SentinelLink>()];
    }

    private void StopLink(KnownSentinel known)
    {
        known.StopLink();
        _links = [.. _known.Select(one => one.Link).OfType<SentinelLink>()];
        Array.ForEach(_listeners, listener => listener.OnGone(known.Endpoint));
    }

    private void Remove(KnownSentinel known)
    {
        _known.Remove(known);
        _hearing.Forget(known.Endpoint);
        StopLink(known);
    }

    private void TakeIdentity(KnownSentinel known, string id)
    {
        known.Id = id;
        List<KnownSentinel> same = id.Length == 0 ? [] : _known.FindAll(one => one != known && one.Id == id && !one.IsParked);
        if (same.Find(one => one.IsOpen && (one.IsConfigured || !known.IsConfigured)) is { } better)
        {
            SentinelLog.SameSentinel(_logger, better.Endpoint, known.Endpoint, id);
            StandBack(known);
            return;
        }

        known.IsOpen = true;
        foreach (KnownSentinel other in same)
        {
            SentinelLog.SameSentinel(_logger, known.Endpoint, other.Endpoint, id);
            StandBack(other);
        }
    }

    /// <summary>Another link leads to the same Sentinel.</summary>
    private void StandBack(KnownSentinel known)
    {
        if (known.IsConfigured)
        {
            _hearing.Forget(known.Endpoint);
            StopLink(known);
        }
        else
        {
            Remove(known);
        }
    }

    private void TakeLoss(KnownSentinel known, string reason)
    {
        SentinelLog.SentinelLost(_logger, known.IsOpen || !known.HasSpoken ? LogLevel.Warning : LogLevel.Debug, known.Endpoint, reason);
        known.TakeLoss(reason);
        _hearing.OnLost(known.Endpoint);
        Report(known);
        _known.FindAll(one => one.IsParked && one.Id == known.Id).ForEach(Revive);
    }

    private void Revive(KnownSentinel parked)
    {
        StartLink(parked);
        Report(parked);
    }

    private void TakeRound(KnownSentinel known, SentinelRound round)
    {
        known.TakeRound(round);
        if (round.Lists.Count > 0)
        {
            // Before the report: at startup a listener waits for the discovered Sentinels' answers, too.
            Learn(known);
            DropUnlisted();
        }

        Report(known);
    }

    private void TakeEvent(KnownSentinel known, SentinelEvent news)
    {
        if (news.IsTilt)
        {
            known.IsInTilt = news.Name == "+tilt";
            SentinelLog.Tilt(_logger, known.Endpoint, known.IsInTilt ? "entered" : "left");
            Report(known);
        }

        foreach (ISentinelListener listener in _listeners.Where(listener => listener.MasterName == news.MasterName))
        {
            listener.OnEvent(news, known.Endpoint);
            _hearing.OnEvent(news);
        }
    }

    private void Learn(KnownSentinel teacher)
    {
        foreach (ListedSentinel listed in teacher.Listed)
        {
            HostEndpoint address = _policy.Map(listed.Address);
            if (AddressPolicy.IsPlace(address) && !_known.Any(one => one.Is(listed.Id, address)) && HasRoom(teacher))
            {
                SentinelLog.SentinelLearnt(_logger, address, teacher.Endpoint);
                Add(new KnownSentinel(address, isConfigured: false) { Id = listed.Id });
            }
        }
    }

    private bool HasRoom(KnownSentinel teacher)
    {
        if (_known.Count < MaxSentinels)
        {
            return true;
        }

        if (!_isFull)
        {
            _isFull = true;
            SentinelLog.TooManySentinels(_logger, teacher.Endpoint, MaxSentinels);
        }

        return false;
    }

    /// <summary>A discovered Sentinel that is unreachable and that no connected one lists any more was removed for good.</summary>
    private void DropUnlisted()
    {
        ListedSentinel[] listed = [.. _known.Where(one => one.IsOpen).SelectMany(one => one.Listed)];
        foreach (KnownSentinel known in _known.FindAll(one => !one.IsConfigured && !one.IsOpen))
        {
            if (!listed.Any(one => known.Is(one.Id, _policy.Map(one.Address))))
            {
                SentinelLog.SentinelDropped(_logger, known.Endpoint);
                Remove(known);
            }
        }
    }

    private void Report(KnownSentinel known)
    {
        if (!known.IsParked)
        {
            Array.ForEach(_listeners, listener => listener.OnReport(known.ReportOn(listener.MasterName)));
        }
    }
}
