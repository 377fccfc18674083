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
    private readonly WaitingNotice _notice;

    /// <param name="listenerName">Takes the place of the master's name.</param>
    /// <param name="options">All of them; <c>backend.endpoint</c> must be there.</param>
    /// <param name="policy">Keeps us from connecting to ourselves.</param>
    /// <param name="context">Clock, log, DNS.</param>
    public StaticSource(string listenerName, ProxyOptions options, AddressPolicy policy, TopologyContext context)
    {
        _endpoint = options.Backend.Endpoint ?? throw new ArgumentException("no endpoint is configured", nameof(options));
        _policy = policy;
        ILogger logger = context.Loggers.CreateLogger<StaticSource>();
        _notice = new WaitingNotice(listenerName, new MonotonicClock(context.Time), logger);
        _tracker = new MasterTracker(listenerName, options.Hold, isAlone: true, context.Time, logger);
        var probe = new ProbeSettings(options.Backend, RequiresRole: false, LookInterval, context);
        _source = new MasterSource(_tracker, Look, AskAround, probe, logger);
        _names = new NameResolver(_source.Inbox, _source.Post, context, logger);
    }

    public TopologyView Current => _source.Current;

    public FailoverHistory Failovers => _source.Failovers;

    public TimeSpan? ProbeRoundTrip => _source.ProbeRoundTrip;

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

        if (_tracker.Accepted is null)
        {
            _tracker.SetUnknownReason(objection);
            _notice.Say(objection);
        }

        return _endpoint.Address is null || _tracker.Accepted is null ? LookInterval : null;
    }

    private void AskAround() => _names.Doubt();
}
