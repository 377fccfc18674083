using System.Diagnostics;

using Microsoft.Extensions.Logging;

using RedisProxy.Actors;

namespace RedisProxy.Topology;

/// <summary>
/// Can the accepted master take requests? A state machine without any IO: its inputs are the accepted master, the probe's reports, the
/// Sentinels' flags, other doubts and the sessions' suspicions; <see cref="Evaluate"/> draws the conclusion, and the view shows it.
/// <para>It does not elect, ask, or publish. Everything but <see cref="Suspicions"/> is used by one owner, one call at a
/// time.</para>
/// <code>
/// Unknown ─accepted─► Verifying ─probe is up─► Available ─promotion begun, or said down─► PlannedHold
///                         ▲                     │   ▲  ◄──────hold ended, probe is up────┘   │
///      another accepted ──┘        probe failed └─┐ └─ up, nobody objects ─┐    probe failed │
///      (from every state)                         └───────────────► Down ──┘ ◄───────────────┘
/// </code>
/// </summary>
internal sealed class MasterTracker
{
    private readonly string _masterName;
    private readonly PauseRules _rules;
    private readonly bool _isAlone;
    private readonly MonotonicClock _clock;
    private readonly ILogger _logger;
    private Availability _phase = Availability.Unknown;
    private string _reason = "";
    private ProbeReport? _seen;
    private FailureSigns _signs = FailureSigns.None;
    private MasterDoubt? _doubt;
    private bool _wantsLook;

    /// <param name="masterName">For the view and the log.</param>
    /// <param name="rules">How long to pause for an imminent failover. Owned by the tracker.</param>
    /// <param name="isAlone">There is no Sentinel to report a server down, so a connect timeout counts as down.</param>
    public MasterTracker(string masterName, PauseRules rules, bool isAlone, TimeProvider time, ILogger logger)
    {
        _masterName = masterName;
        _rules = rules;
        _isAlone = isAlone;
        _clock = new MonotonicClock(time);
        Timeline = new FailoverTimeline(time);
        _logger = logger;
    }

    public FailoverTimeline Timeline { get; }

    public Suspicions Suspicions { get; } = new();

    public MasterCandidate? Accepted { get; private set; }

    public long Generation { get; private set; }

    public Availability Phase
    {
        get => _phase;
        private set
        {
            Debug.Assert(value is not (Availability.ReadsOnly or Availability.Unknown), "no phase of an accepted master");
            Debug.Assert((value == Availability.PlannedHold) == (Pause is not null), "a pause belongs to its phase");
            _phase = value;
        }
    }

    /// <summary>For an imminent failover; null when there is none.</summary>
    public HoldPause? Pause { get; private set; }

    /// <summary>Time left until something happens by itself; null: nothing will.</summary>
    public TimeSpan? NextDeadline =>
        (Pause is { IsEnding: false } pause && _doubt is null ? pause.Deadline : _rules.PatientUntil) - _clock.Now;

    public void OnSuspicion()
    {
        Timeline.Sign();
        _wantsLook = true;
    }

    /// <summary>True, once, when the probe and the Sentinels should be asked immediately.</summary>
    public bool TakeWantsLook()
    {
        bool wants = _wantsLook;
        _wantsLook = false;
        return wants;
    }

    /// <summary>This is the master from now on. For the address of the present master only the epoch is updated: nothing moved.</summary>
    public void Accept(MasterCandidate candidate, string who, string reason)
    {
        MasterCandidate? old = Accepted;
        Accepted = candidate;
        _wantsLook = true;
        if (old?.Address.Equals(candidate.Address) == true)
        {
            MasterLog.EpochMoved(_logger, _masterName, candidate.Address, old.Epoch, candidate.Epoch, who, reason);
            return;
        }

        if (old is not null)
        {
            Timeline.Accepted(old.Address, candidate, who);
        }

        Generation++;
        _seen = null;
        _signs = FailureSigns.None;
        _doubt = null;
        Pause = null;
        _rules.Forget();
        Phase = Availability.Verifying;
        MasterLog.MasterAccepted(_logger, _masterName, old?.Address, candidate.Address, candidate.Epoch, Generation, who, reason);
    }

    public void OnProbe(ProbeReport seen)
    {
        if (seen.Generation != Generation)
        {
            return;
        }

        _seen = seen;
        if (seen.IsConclusive)
        {
            Suspicions.Cover(seen.CoversSuspicion);
        }

        if (!seen.IsUp)
        {
            Timeline.Sign();
        }
    }

    /// <summary>The current flags of the accepted master.</summary>
    public void SetSigns(FailureSigns signs)
    {
        bool isNews = signs.Any && !_signs.Any;
        _wantsLook |= isNews || (signs.IsDoubted && !_signs.IsDoubted);
        _signs = signs;
        _rules.SignsChanged(signs);
        if (isNews)
        {
            Timeline.Sign(isOrdered: signs.IsOrdered && !signs.IsSaidDown);
        }
    }

    /// <summary>Null while there is none.</summary>
    public void SetDoubt(MasterDoubt? doubt) => _doubt = doubt;

    /// <summary>Why no master is known.</summary>
    public void SetUnknownReason(string reason) => _reason = _phase == Availability.Unknown ? reason : _reason;

    /// <summary>A Sentinel is about to promote a replica of the accepted master, whose acknowledgements are lost from then on.</summary>
    /// <param name="who">That Sentinel.</param>
    /// <param name="isOrdered">The Sentinel does not consider the master down itself: the failover was requested.</param>
    public void OnPromotionBegun(string who, bool isOrdered)
    {
        if (_phase == Availability.Available)
        {
            Timeline.Sign(isOrdered);
            Begin(_rules.TryBegin(who, isOrdered, _clock.Now));
        }
    }

    /// <summary>Re-evaluates the state. To be called after every change, and at the deadline.</summary>
    public void Evaluate()
    {
        switch (_phase)
        {
            case Availability.Available or Availability.PlannedHold when WhyDown() is { } why:
                GoDown(why);
                break;
            case Availability.Verifying:
                EvaluateVerifying();
                break;
            case Availability.Available:
                EvaluateAvailable();
                break;
            case Availability.PlannedHold:
                EvaluateHold(Pause!);
                break;
            case Availability.Down:
                EvaluateDown();
                break;
        }
    }

    public TopologyView BuildView() => new()
    {
        MasterName = _masterName,
        Generation = Generation,
        Availability = _phase,
        Master = Accepted is { } master ? new MasterNode(master.Announced, master.Address) : null,
        Epoch = Accepted?.Epoch ?? 0,
        DemandsAuthentication = _seen?.DemandsAuthentication ?? false,
        Commands = _seen?.Commands ?? Resp.CommandTable.BuiltIn,
        CoversSuspicion = Suspicions.Covered,
        IsPromoting = Pause is { IsPromoting: true } || (Pause is not null && _doubt is not null),
        Reason = _phase == Availability.Available ? "" : _reason,
    };

    private void EvaluateVerifying()
    {
        if (_seen is { IsUp: true })
        {
            MasterLog.MasterAvailable(_logger, _masterName, Accepted!.Address, Generation, Timeline.Available());
            Phase = Availability.Available;
            Begin(_doubt is null ? null : _rules.TryBegin(_signs, _doubt, _clock.Now)); // Not one request may go to it in between.
        }
        else
        {
            _reason = $"{Accepted!.Address} was accepted but is not confirmed yet{(_seen is { } seen ? $": {seen.Detail}" : "")}";
        }
    }

    private void EvaluateAvailable()
    {
        Begin(_rules.TryBegin(_signs, _doubt, _clock.Now));
        if (Pause is null && _seen is { IsUp: true } && Suspicions.AreAllCovered && !_signs.Any && _doubt is null)
        {
            Timeline.Calm();
        }
    }

    private void EvaluateHold(HoldPause pause)
    {
        if (!pause.IsEnding && pause.ReasonToEnd(_signs, _doubt, _clock.Now) is { } reason)
        {
            pause.EndWith(reason, Suspicions.Raise());
            _wantsLook = true;
        }

        if (pause.IsEnding && _doubt is null && _seen is { IsUp: true } && Suspicions.Covered >= pause.ConfirmedBySuspicion)
        {
            MasterLog.HoldEnded(_logger, pause.IsOverdue ? LogLevel.Warning : LogLevel.Information, _masterName, pause.EndReason);
            Pause = null;
            if (!_rules.PauseWasUseless(pause, _signs, _clock.Now))
            {
                MasterLog.PausesUsedUp(_logger, _masterName, pause.Who, PauseBudget.Whole, PauseBudget.RefillTime);
            }

            Phase = Availability.Available;
            Timeline.CameToNothing(Accepted!, pause.Who);
        }
    }

    private void EvaluateDown()
    {
        if (_seen is not { IsUp: true } || _doubt is not null)
        {
            _rules.EndPatience(signsAreSpent: false);
            _reason = WhyDown() ?? _doubt?.Reason ?? _reason;
            return;
        }

        bool isOpposed = _rules.Heeds(_signs);
        if (isOpposed && _rules.IsPatient(_clock.Now))
        {
            _reason = $"{Accepted!.Address} answers again, but Sentinel {_signs.Who} does not agree yet";
            return;
        }

        _rules.EndPatience(signsAreSpent: isOpposed);
        MasterLog.MasterCameBack(_logger, _masterName, Accepted!.Address, Timeline.CameBack(Accepted));
        if (isOpposed)
        {
            MasterLog.SignsIgnored(_logger, _masterName, Accepted.Address, _signs.Who);
        }

        Phase = Availability.Available;
    }

    private string? WhyDown() => _seen?.WhyDown(_signs, _isAlone) is { } why ? $"{Accepted!.Address}: {why}" : null;

    private void GoDown(string why)
    {
        MasterLog.MasterDown(_logger, _masterName, why);
        Timeline.Sign(isOrdered: false);
        Pause = null;
        _reason = why;
        _wantsLook = true;
        Phase = Availability.Down;
    }

    private void Begin(HoldPause? pause)
    {
        Pause = pause;
        if (pause is not null)
        {
            Timeline.Sign();
            _reason = pause.Reason;
            _wantsLook = true;
            MasterLog.HoldBegan(_logger, _masterName, _reason, pause.Deadline - _clock.Now);
            Phase = Availability.PlannedHold;
        }
    }
}
