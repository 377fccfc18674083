using System.Net;

using Microsoft.Extensions.Logging;

using RedisProxy.Actors;
using RedisProxy.Configuration;
using RedisProxy.Servers;

namespace RedisProxy.Topology;

/// <summary>
/// One configured server instead of Sentinels, for development and plain restarts. The server may have any role. A new generation
/// begins only when its name resolves to another address.
/// </summary>
internal sealed class StaticMasterSource : ITopologySource
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    private readonly TopologyContext _context;
    private readonly PauseRules _rules;
    private readonly MasterTracker _tracker;
    private readonly MasterActor _source;
    private readonly NameResolver _names;
    private readonly NoMasterReminder _notice;
    private HostEndpoint _endpoint;
    private AddressPolicy _policy;
    private BackendOptions _backend;

    /// <param name="listenerName">Takes the place of the master's name.</param>
    /// <param name="options">All of them; <c>backend.endpoint</c> must be there.</param>
    /// <param name="policy">Keeps the proxy from connecting to itself.</param>
    /// <param name="context">Clock, log, DNS.</param>
    public StaticMasterSource(string listenerName, ProxyOptions options, AddressPolicy policy, TopologyContext context)
    {
        _endpoint = options.Backend.Endpoint ?? throw new ArgumentException("no endpoint is configured", nameof(options));
        _backend = options.Backend;
        _policy = policy;
        _context = context;
        _rules = new PauseRules(options.Hold);
        ILogger logger = context.Loggers.CreateLogger<StaticMasterSource>();
        _notice = new NoMasterReminder(listenerName, new MonotonicClock(context.Time), logger);
        _tracker = new MasterTracker(listenerName, _rules, isAlone: true, context.Time, logger);
        _source = new MasterActor(_tracker, Look, AskAround, ProbeOf(_backend), logger);
        _names = new NameResolver(_source.Inbox, _source.Post, context, logger);
    }

    public TopologyView Current => _source.Current;

    public FailoverHistory Failovers => _source.Failovers;

    public TimeSpan? ProbeRoundTrip => _source.ProbeRoundTrip;

    public long Suspect(SuspicionReason reason) => _source.Suspect(reason);

    public void Subscribe(ITopologyObserver observer) => _source.Subscribe(observer);

    public Task RunAsync(CancellationToken stop) => _source.RunAsync(stop);

    /// <summary>Another configured server is a new master, as if the name had resolved to another address.</summary>
    public void Reconfigure(ProxyOptions options, AddressPolicy policy) => _source.Post(() =>
    {
        _endpoint = options.Backend.Endpoint!;
        _policy = policy;
        _rules.Reconfigure(options.Hold);
        if (options.Backend != _backend)
        {
            _backend = options.Backend;
            _source.UseProbe(ProbeOf(_backend));
        }
    });

    private ProbeSettings ProbeOf(BackendOptions backend) => new(backend, RequiresRole: false, LookInterval, _context);

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
