using RedisProxy.Actors;
using RedisProxy.Configuration;

namespace RedisProxy.Topology;

/// <summary>One entry of a <see cref="SentinelSet"/>, on its inbox: the link to a Sentinel and its latest answers about every
/// master.</summary>
internal sealed class KnownSentinel(HostEndpoint endpoint, bool isConfigured)
{
    private readonly Dictionary<string, SentinelAnswer> _answers = [];
    private readonly Dictionary<string, SentinelLists> _lists = [];
    private Inbox.Work? _linkWork;
    private IReadOnlyList<string> _masterNames = [];
    private bool _hasAnsweredOnThisConnection;
    private string _error = "";
    private long _askedAt;

    public HostEndpoint Endpoint => endpoint;

    public bool IsConfigured => isConfigured;

    /// <summary>As the Sentinel last reported it, or as it was listed; empty when unknown.</summary>
    public string Id { get; set; } = "";

    /// <summary>Null while parked.</summary>
    public SentinelLink? Link { get; private set; }

    /// <summary>It turned out to be a Sentinel that another link is connected to already.</summary>
    public bool IsParked => Link is null;

    /// <summary>Connected, and the handshake is complete.</summary>
    public bool IsOpen { get; set; }

    public bool HasSpoken { get; private set; }

    public bool IsInTilt { get; set; }

    /// <summary>The one-shot check found it to be a Sentinel that another address led to already.</summary>
    public bool IsKnownOtherwise { get; set; }

    public IEnumerable<ListedSentinel> Listed => _lists.Values.SelectMany(lists => lists.Sentinels);

    /// <summary>Is it the Sentinel with this id, or at least at this address?</summary>
    public bool Is(string id, HostEndpoint address) => (id.Length > 0 && Id == id) || endpoint == address;

    public void Use(SentinelLink link, Inbox.Work work)
    {
        Link = link;
        _linkWork = work;
    }

    public void StopLink()
    {
        _linkWork?.Stop();
        Link = null;
        TakeLoss("");
    }

    public void TakeLoss(string reason)
    {
        IsOpen = false;
        IsInTilt = false; // It may leave TILT unnoticed; the first round of the next connection asks.
        HasSpoken = true;
        _hasAnsweredOnThisConnection = false;
        _error = reason;
    }

    public void TakeRound(SentinelRound round)
    {
        HasSpoken = true;
        _hasAnsweredOnThisConnection = true;
        _error = "";
        _askedAt = round.AskedAt;
        _masterNames = round.MasterNames ?? _masterNames;
        IsInTilt = round.IsInTilt ?? IsInTilt;
        foreach ((string master, SentinelAnswer answer) in round.Answers)
        {
            _answers[master] = answer;
        }

        foreach ((string master, SentinelLists lists) in round.Lists)
        {
            _lists[master] = lists;
        }
    }

    public SentinelReport ReportOn(string master) => new()
    {
        Sentinel = endpoint,
        Id = Id,
        IsConfigured = isConfigured,
        IsReachable = IsOpen && _hasAnsweredOnThisConnection,
        HasSpoken = HasSpoken,
        IsInTilt = IsInTilt,
        AskedAt = _askedAt,
        Answer = _answers.GetValueOrDefault(master),
        Lists = _lists.GetValueOrDefault(master, SentinelLists.Empty),
        Error = _error,
        IsKnownOtherwise = IsKnownOtherwise,
        MasterNames = _masterNames,
    };
}
