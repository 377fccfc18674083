using Microsoft.Extensions.Logging;

using RedisProxy.Actors;
using RedisProxy.Configuration;
using RedisProxy.Servers;

namespace RedisProxy.Topology;

/// <summary>
/// One master of a Sentinel deployment: collects every Sentinel's reports on it, lets <see cref="MasterElection"/> decide which server
/// it is, and informs the tracker. The reports come from a <see cref="SentinelSet"/>.
/// <para>Public methods from any thread; everything private runs on the source's inbox.</para>
/// </summary>
internal sealed class SentinelMonitor : ITopologySource, ISentinelListener
{
    /// <summary>At startup, for Sentinels that neither answer nor refuse.</summary>
    private static readonly TimeSpan FirstPatience = TimeSpan.FromSeconds(2);

    /// <summary>A majority at a lower epoch may simply not have heard of a failover yet, while the link to its leader is down.</summary>
    private static readonly TimeSpan MinLowerEpochPatience = TimeSpan.FromSeconds(5);

    /// <summary>
    /// These Sentinels have reported that the master was configured anew (REMOVE and MONITOR). An unreachable one that was not
    /// reconfigured announces its higher epoch to them within 2 s, the period of Sentinel's hellos.
    /// </summary>
    private static readonly TimeSpan AnnouncedLowerEpochPatience = TimeSpan.FromSeconds(2.5);

    private static readonly TimeSpan HoldAskInterval = TimeSpan.FromMilliseconds(100);

    private readonly PauseRules _rules;
    private readonly TopologyContext _context;
    private readonly Action _askAll;
    private readonly ILogger _logger;
    private readonly MasterTracker _tracker;
    private readonly MasterActor _source;
    private readonly NameResolver _names;
    private readonly VoteLogger _voteLogger;
    private readonly NoMasterReminder _notice;
    private readonly MonotonicClock _clock;
    private readonly HashSet<HostEndpoint> _reconfigured = [];
    private readonly SortedDictionary<string, SentinelReport> _reports = new(StringComparer.Ordinal);
    private readonly EarlyAcceptance _early;
    private SentinelOptions _options;
    private HoldOptions _hold;
    private BackendOptions _backend;
    private AddressPolicy _policy;
    private (MasterCandidate Candidate, TimeSpan Since)? _lower;
    private TimeSpan _heldAsked;
    private TimeSpan? _started;

    /// <param name="masterName">Sentinel's name for it.</param>
    /// <param name="options">All of them; the Sentinel section must be there.</param>
    /// <param name="policy">Judges announced addresses.</param>
    /// <param name="askAll">Asks every Sentinel again, immediately.</param>
    /// <param name="context">Clock, log, DNS.</param>
    public SentinelMonitor(string masterName, ProxyOptions options, AddressPolicy policy, Action askAll, TopologyContext context)
    {
        MasterName = masterName;
        _options = options.Sentinel ?? throw new ArgumentException("no Sentinels are configured", nameof(options));
        _backend = options.Backend;
        _hold = options.Hold;
        _rules = new PauseRules(options.Hold);
        _policy = policy;
        _context = context;
        _askAll = askAll;
        _logger = context.Loggers.CreateLogger<SentinelMonitor>();
        _clock = new MonotonicClock(context.Time);
        _tracker = new MasterTracker(masterName, _rules, isAlone: false, context.Time, _logger);
        _source = new MasterActor(_tracker, Look, AskAround, Probe, _logger);
        _names = new NameResolver(_source.Inbox, _source.Post, context, _logger);
        _voteLogger = new VoteLogger(masterName, _logger);
        _notice = new NoMasterReminder(masterName, _clock, _logger);
        _early = new EarlyAcceptance(context.Time);
    }

    public string MasterName { get; }

    public TopologyView Current => _source.Current;

    public FailoverHistory Failovers => _source.Failovers;

    public TimeSpan? ProbeRoundTrip => _source.ProbeRoundTrip;

    public Lease? Lease { get; init; }

    public void AfterAll(Action action) => _source.AfterAll(action);

    public long Suspect(SuspicionReason reason) => _source.Suspect(reason);

    public void Subscribe(ITopologyObserver observer) => _source.Subscribe(observer);

    private ProbeSettings Probe => new(_backend, RequiresRole: true, _options.PollInterval, _context);

    public Task RunAsync(CancellationToken stop) => _source.RunAsync(stop);

    /// <summary>The accepted master stays accepted, judged by these options from now on.</summary>
    public void Reconfigure(ProxyOptions options, AddressPolicy policy) => _source.Post(() =>
    {
        bool isProbeNew = options.Backend != _backend || options.Sentinel!.PollInterval != _options.PollInterval;
        _options = options.Sentinel!;
        _backend = options.Backend;
        _policy = policy;
        _hold = options.Hold;
        _rules.Reconfigure(options.Hold);
        if (isProbeNew)
        {
            _source.UseProbe(Probe);
        }
    });

    public void OnReport(SentinelReport report) => _source.Post(() => _reports[report.Sentinel.ToString()] = report);

    public void OnGone(HostEndpoint sentinel) => _source.Post(() => _reports.Remove(sentinel.ToString()));

    public void OnEvent(SentinelEvent news, HostEndpoint sentinel) => _source.Post(() => TakeEvent(news, sentinel));

    /// <summary>What the replicas of the accepted master report.</summary>
    public void OnReplication(ReplicationView view) => _source.Post(() => _early.Observe(view, _tracker.Accepted?.Address));

    public void OnPromoted(HostEndpoint replica) => _source.Post(() =>
    {
        if (SentinelVote.Locate(replica, _policy, _names.Find) is { } address && _tracker.Accepted is { } master
            && !master.Address.Equals(address))
        {
            _tracker.Accept(_early.AcceptFirmly(replica, address, master), replica.ToString(), "it has been promoted on demand");
        }
    });

    public void OnDemand(bool isUnderWay) => _source.Post(() => _tracker.Timeline.OnDemand(isUnderWay));

    private void TakeEvent(SentinelEvent news, HostEndpoint sentinel)
    {
        if (news.IsMonitoredAnew)
        {
            _reconfigured.Add(sentinel);
        }
        else if (news.IsSaidDown && IsAbout(news))
        {
            NoteDown(sentinel);
        }
        else if (news.IsPromotionBegun && IsAbout(news))
        {
            _early.OnPromotionBegun(sentinel);
            SentinelAnswer? itsAnswer = _reports.GetValueOrDefault(sentinel.ToString())?.Answer;
            _tracker.OnPromotionBegun(sentinel.ToString(), isOrdered: itsAnswer is not { SaysObjectivelyDown: true });
        }
        else if (news.IsPromotionSent && IsAbout(news))
        {
            _tracker.Pause?.IsPromoting = true;
        }
        else if (news.IsFailoverAborted && IsAbout(news))
        {
            _tracker.Pause?.AbortedBy = news.Name;
        }
    }

    // Until the answer to the question just sent. The Sentinel's next event may be a promotion, which is then known to be no planned one.
    private void NoteDown(HostEndpoint sentinel)
    {
        string key = sentinel.ToString();
        if (_reports.TryGetValue(key, out SentinelReport? report) && report.Answer is { } answer)
        {
            _reports[key] = report with { Answer = answer.AfterObjectivelyDown };
        }
    }

    private bool IsAbout(SentinelEvent news) =>
        _tracker.Accepted is { } accepted && news.MasterAddress is var (host, port)
            && accepted.Address.Equals(SentinelVote.Locate(HostEndpoint.ReadAnnounced(host, port), _policy, _names.Find));

    private TimeSpan? Look()
    {
        SentinelVote[] votes = [.. _reports.Values.Select(report => SentinelVote.Of(report, _policy, _names.Find))];
        _started ??= _clock.Now;
        bool isEarly = _clock.Now - _started < FirstPatience;
        ElectionResult result = MasterElection.Decide(_tracker.Accepted, votes, mayWait: isEarly);
        if (Lasts(result))
        {
            _reconfigured.Clear();
            _tracker.Accept(result.Accepted!, result.Who, result.Reason);
        }

        FailureSigns signs = ReadSigns(votes);
        _early.Judge(votes, _tracker.Accepted, _hold.PlannedTimeout);
        _tracker.SetSigns(TryAcceptEarly(signs, votes) ? ReadSigns(votes) : signs);
        _tracker.SetDoubt(_hold.Planned ? _early.Doubt : null);
        SentinelMajority majority = SentinelMajority.Of(votes, _policy);
        _source.SetDeployment(
            DeploymentSnapshot.Of(votes, _tracker.Accepted, _early.Predecessor, _policy) with
            {
                StopsWrites = _options.RequireMajority && !majority.IsOurs,
            });
        _voteLogger.Comment(votes, majority, hasMaster: _tracker.Accepted is not null);
        if (_tracker.Accepted is null)
        {
            string reason = VoteLogger.Describe(MasterName, votes, result);
            _tracker.SetUnknownReason(reason);
            _notice.Say(reason);
        }

        return NextLook(isEarly);
    }

    private FailureSigns ReadSigns(SentinelVote[] votes) =>
        _tracker.Accepted is { } master ? FailureSigns.Read(votes, master.Address) : FailureSigns.None;

    /// <summary>A replica reports to have been promoted, a Sentinel reports a failover, and the options permit to rely on that.</summary>
    private bool TryAcceptEarly(FailureSigns signs, SentinelVote[] votes)
    {
        bool isFailover = signs.Any || _tracker.Pause is { Doubt: null };
        if (!isFailover || _hold.AcceptPromoted != PromotionProof.Observed || _tracker.Accepted is not { } former
            || _early.Accept(former, votes, _policy) is not { } promoted)
        {
            return false;
        }

        _reconfigured.Clear();
        _tracker.Accept(promoted, promoted.Announced.ToString(), "it has been promoted");
        return true;
    }

    /// <summary>Going back to a lower epoch is delayed; everything else happens at once.</summary>
    private bool Lasts(ElectionResult result)
    {
        bool isTooOld = IsTooOld(result);
        if (isTooOld || result is not { IsLowerEpoch: true, Accepted: { } candidate })
        {
            _lower = null;
            return !isTooOld && result.Accepted is not null;
        }

        if (_lower?.Candidate != candidate)
        {
            _lower = (candidate, _clock.Now);
        }

        return _clock.Now - _lower!.Value.Since >= LowerEpochPatience(candidate);
    }

    // The Sentinels do not know of the promotion yet. They may never hear of it: then they are right once the promoted server is gone.
    private bool IsTooOld(ElectionResult result) =>
        result.IsLowerEpoch && _early.IsAhead && (_tracker.Phase is Availability.Available or Availability.PlannedHold)
            && !result.Accepted!.Address.Equals(_tracker.Accepted!.Address);

    /// <summary>The delay before going back to a lower epoch; none when all Sentinels have reported that they were reconfigured.</summary>
    private TimeSpan LowerEpochPatience(MasterCandidate candidate)
    {
        SentinelReport[] known = [.. _reports.Values.Where(report => report.Answer is not { IsUnknownName: true })];
        int agreeing = known.Count(report => report.IsReachable && _reconfigured.Contains(report.Sentinel)
            && report.Answer is { Master: { } master, Epoch: var epoch } && master == candidate.Announced && epoch == candidate.Epoch);
        TimeSpan unannounced = _options.PollInterval * 3;
        return agreeing == known.Length ? TimeSpan.Zero
            : agreeing > known.Length / 2 ? AnnouncedLowerEpochPatience
            : unannounced > MinLowerEpochPatience ? unannounced : MinLowerEpochPatience;
    }

    private TimeSpan? NextLook(bool isEarly)
    {
        if (_tracker.Phase == Availability.PlannedHold)
        {
            return AskWhileHolding();
        }

        if (_lower is { } lower)
        {
            return lower.Since + LowerEpochPatience(lower.Candidate) - _clock.Now;
        }

        if (_early.Rest is { } rest)
        {
            return rest;
        }

        return isEarly && _tracker.Accepted is null ? _started + FirstPatience - _clock.Now
            : _tracker.Accepted is null ? _notice.Due : null;
    }

    // Requests are waiting for the answer, and the event that announces it may get lost.
    private TimeSpan AskWhileHolding()
    {
        TimeSpan rest = _heldAsked + HoldAskInterval - _clock.Now;
        if (rest > TimeSpan.Zero)
        {
            return rest;
        }

        _heldAsked = _clock.Now;
        _askAll();
        return HoldAskInterval;
    }

    private void AskAround()
    {
        _names.Doubt();
        _askAll();
    }
}
