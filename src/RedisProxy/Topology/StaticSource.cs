using System.Net;

using Microsoft.Extensions.Logging;

using RedisProxy.Configuration;

namespace RedisProxy.Topology;

/// <summary>
/// One configured server instead of Sentinels, for development and for plain restarts. The server may have any role. A new generation
/// begins only when its name resolves to another address.
/// </summary>
internal sealed class StaticSource : ITopologySource
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    private readonly HostEndpoint _endpoint;
    private readonly AddressPolicy _policy;
    private readonly MasterTracker _tracker;
    private readonly MasterSource _source;
    private readonly NameResolver _names;
    private readonly string _name;
    private readonly ILogger _logger;
    private readonly MonotonicClock _clock;
    private TimeSpan? _waitSaid;

    /// <param name="listenerName">Takes the place of the master's name.</param>
    /// <param name="options">All of them; <c>backend.endpoint</c> must be there.</param>
    /// <param name="policy">Keeps us from connecting to ourselves.</param>
    /// <param name="context">Clock, log, DNS.</param>
    public StaticSource(string listenerName, ProxyOptions options, AddressPolicy policy, TopologyContext context)
    {
        _name = listenerName;
        _endpoint = options.Backend.Endpoint ?? throw new ArgumentException("no endpoint is configured", nameof(options));
        _policy = policy;
        _logger = context.Loggers.CreateLogger<StaticSource>();
        _clock = new MonotonicClock(context.Time);
        _tracker = new MasterTracker(listenerName, options.Hold, isAlone: true, context.Time, _logger);
        var probe = new ProbeSettings(options.Backend, RequiresRole: false, LookInterval, context.Time);
        _source = new MasterSource(_tracker, Look, AskAround, probe, _logger);
        _names = new NameResolver(_source.Inbox, _source.Post, context, _logger);
    }

    public TopologyView Current => _source.Current;

    public FailoverHistory Failovers => _source.Failovers;

    public long Suspect(SuspicionReason reason) => _source.Suspect(reason);

    public void Subscribe(ITopologyObserver observer) => _source.Subscribe(observer);

    public Task RunAsync(CancellationToken stop) => _source.RunAsync(stop);

    private TimeSpan? Look()
    {
        string objection = $"the address of '{_endpoint.Host}' is not known yet";
        if (_names.Find(_endpoint.Host) is { } found)
        {
            var address = new IPEndPoint(found, _endpoint.Port);
            objection = _policy.Refuse(address) ?? "";
            if (objection.Length == 0 && !address.Equals(_tracker.Accepted?.Address))
            {
                _tracker.Accept(new MasterCandidate(_endpoint, address, Epoch: 0), "backend.endpoint", "as configured");
            }
        }

        _tracker.SetUnknownReason(objection);
        SayWhatIsWaitedFor(objection);
        return _endpoint.Address is null || _tracker.Accepted is null ? LookInterval : null;
    }

    private void AskAround() => _names.Doubt();

    private void SayWhatIsWaitedFor(string objection)
    {
        if (_tracker.Accepted is null && (_waitSaid is not { } said || _clock.Now - said >= SentinelCommentary.MaxSilence))
        {
            _waitSaid = _clock.Now;
            TopologyLog.WaitingForMaster(_logger, _name, objection);
        }
    }
}
