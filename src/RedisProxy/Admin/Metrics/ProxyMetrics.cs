using System.Diagnostics.Metrics;

using RedisProxy.Audit;
using RedisProxy.Configuration;
using RedisProxy.DataPlane;
using RedisProxy.EventLoops;
using RedisProxy.Notify;
using RedisProxy.Resp;
using RedisProxy.Roles;
using RedisProxy.SentinelFacade;
using RedisProxy.Sessions;
using RedisProxy.Topology;

namespace RedisProxy.Admin;

/// <summary>
/// The proxy's instruments, on System.Diagnostics.Metrics. Loops count in plain fields of their own, and these are read and summed when
/// somebody asks: instruments are observable, but for the histograms, which <see cref="CatchUp"/> brings to where the loops are. Names
/// have the prefix <c>redisproxy_</c> and base units; a counter gets <c>_total</c> when written.
/// </summary>
internal sealed class ProxyMetrics : IDisposable
{
    private const string Prefix = "redisproxy_";

    private readonly Forwarder _forwarder;
    private readonly TopologyService _topology;
    private readonly OtlpPushes _pushes;
    private readonly AuditWatch _audit;
    private readonly RoleKeeper _roles;
    private readonly FacadeCounters _facade;
    private readonly Notifications _notifications;
    private readonly List<CountedHistogram> _histograms = [];
    private readonly Lock _catchingUp = new();

    public ProxyMetrics(
        Forwarder forwarder,
        TopologyService topology,
        OtlpPushes pushes,
        AuditWatch audit,
        RoleKeeper roles,
        FacadeServer facade,
        Notifications notifications,
        AdminMetrics admin)
    {
        _forwarder = forwarder;
        _topology = topology;
        _facade = facade.Counters;
        _audit = audit;
        _roles = roles;
        _notifications = notifications;
        _pushes = pushes;
        AddSessions();
        AddTraffic();
        AddOutcomes();
        AddTopology();
        AddRoles();
        AddFacade();
        AddNotifications();
        AddProgram();
        FailoverMetrics.AddTo(Meter, topology);
        LinkMetrics.AddTo(Meter, forwarder);
        HandoffMetrics.AddTo(Meter, forwarder);
        _histograms.Add(RequestMetrics.AddTo(Meter, forwarder));
        ReplicaMetrics.AddTo(Meter, forwarder, topology);
        admin.AddTo(Meter);
        ProcessMetrics.AddTo(Meter);
    }

    public Meter Meter { get; } = new("RedisProxy", BuildInfo.Version);

    public IReadOnlyList<CountedHistogram> Histograms => _histograms;

    /// <summary>Records in the histograms what was counted since the last time, for whoever listens to them. Any thread.</summary>
    public void CatchUp()
    {
        lock (_catchingUp)
        {
            _histograms.ForEach(static histogram => histogram.CatchUp());
        }
    }

    public void Dispose() => Meter.Dispose();

    private void AddSessions()
    {
        Gauge("sessions", "Current sessions, by phase.", () => ByListener(
            "phase", Enum.GetValues<SessionPhase>(), static (counters, phase) => counters.Phases[(int)phase]));
        Counter(
            "sessions_adopted",
            "Sessions that came from another process, or returned from it.",
            () => ByListener(static counters => counters.Adopted));
        Counter("sessions_accepted", "Client connections accepted.", () => ByListener(static counters => counters.Accepted));
        Counter("sessions_refused", "Client connections refused because maxSessions was reached.", () => ByListener(
            static counters => counters.RefusedTooMany));
        Counter("proxy_headers", "PROXY protocol headers of load balancers, by result.", () => ByListener(
            "result", ["done", "failed"], static (counters, result) => result == "done" ? counters.HeadersRead : counters.HeadersFailed));
        Counter("tls_handshakes", "TLS handshakes of clients, by result.", () => ByListener(
            "result", ["done", "failed"], static (counters, result) => result == "done" ? counters.Secured : counters.HandshakesFailed));
        Counter("sessions_ended", "Sessions ended, by the first cause.", () => ByListener(
            "reason", Enum.GetValues<EndCause>()[1..], static (counters, cause) => counters.Ended[(int)cause]));
        Counter("sessions_pinned", "Sessions closed by the loss of a master, by the state that cannot be replayed.", () => ByListener(
            "reason", Enum.GetValues<PinReason>()[1..], static (counters, reason) => counters.Pinned[(int)reason]));
        Gauge("pinned_sessions", "Current sessions that the loss of a master would close, by the state that cannot be replayed.", () =>
            ByListener("reason", Enum.GetValues<PinReason>()[1..], static (counters, reason) => counters.PinnedNow[(int)reason]));
        Counter("accept_errors", "Failed accepts, by cause.", AcceptErrors);
    }

    private void AddTraffic()
    {
        Counter("requests", "Requests answered, by the backend or by the proxy.", () => ByListener(static counters => counters.Requests));
        Counter("bytes", "Bytes relayed, by destination.", () => ByListener(
            "direction", ["backend", "client"], static (counters, to) => to == "backend" ? counters.RequestBytes : counters.ReplyBytes));
        Gauge("in_flight_requests", "Requests awaiting a reply from a backend.", () => ByListener(static counters => counters.InFlight));
        Gauge("held_requests", "Requests waiting for a backend.", () => ByListener(static counters => counters.Held));
        Histogram(
            "hold_seconds",
            "How long requests were held for lack of a master, until one was available or hold.timeout expired.",
            SessionCounters.HoldBoundsMs,
            () => _forwarder.Listeners.Select(static listener => new HistogramSeries(
                ListenerTags(listener), [.. listener.Counters.Select(static counters => counters.Holds)])));
    }

    private void AddOutcomes()
    {
        Histogram(
            "durable_wait_seconds",
            "How long replies to writes waited for replicas to have the write, or until durable.timeout; each question once.",
            SessionCounters.ConnectBoundsMs,
            () => _forwarder.Listeners.Where(static listener => listener.Options.Durable.Replicas > 0).Select(
                static listener => new HistogramSeries(
                    ListenerTags(listener), [.. listener.Counters.Select(static counters => counters.Confirmations)])));

        Counter("backend_connections_lost", "Backend connections that ended while their session continued.", () => ByListener(
            static counters => counters.BackendsLost));
        Counter("retargets", "Backend connections opened for sessions, including the first one of each, by result.", () => ByListener(
            "result",
            ["done", "failed"],
            static (counters, result) => result == "done" ? counters.RetargetsDone : counters.RetargetsFailed));
        Histogram(
            "backend_connect_seconds",
            "Time to connect a session to a master and replay its state, until the master takes its requests.",
            SessionCounters.ConnectBoundsMs,
            () => _forwarder.Listeners.Select(static listener => new HistogramSeries(
                ListenerTags(listener), [.. listener.Counters.Select(static counters => counters.Connects)])));
        Counter("requests_resent", "Requests resent on a new backend connection: certainly not executed, or read-only.", () => ByListener(
            static counters => counters.Resent));
        Counter("replies_synthesised", "Replies made by the proxy itself, by meaning.", () => ByListener(
            "code", Enum.GetValues<Outcome>()[1..], static (counters, outcome) => counters.ProxyReplies[(int)outcome]));
        Counter("protocol_errors", "Protocol errors by clients, by kind.", () => ByListener(
            "kind", Enum.GetValues<ProtocolError>()[1..], static (counters, kind) => counters.ProtocolErrors[(int)kind]));
    }

    private void AddTopology()
    {
        Gauge("master_info", "Always 1; the labels give the master, its epoch and the generation.", () => Sources().Select(MasterInfo));
        Gauge("master_up", "1 when the master takes requests.", () => Sources().Select(static source =>
            new Measurement<long>(source.Current.IsServing ? 1 : 0, MasterTag(source))));
        Counter("failovers", "Failovers seen, and other holds, by kind.", () => Sources().SelectMany(static source =>
            Enum.GetValues<FailoverKind>().Select(kind =>
                new Measurement<long>(source.Failovers.CountOf(kind), MasterTag(source), Tag("kind", Labels.Of(kind))))));
        Histogram(
            "failover_seconds",
            "From the first sign of a failover until a master takes requests, by kind.",
            FailoverHistory.DurationBoundsMs,
            () => Sources().SelectMany(static source => Enum.GetValues<FailoverKind>().Select(kind => new HistogramSeries(
                [MasterTag(source), Tag("kind", Labels.Of(kind))], [source.Failovers.DurationsOf(kind)]))));
        Gauge("audit_findings", "Findings of the last audit about the next failover, by severity; none before the first audit.", () =>
            _audit.Last.SelectMany(static result => Enum.GetValues<Severity>().Select(severity => new Measurement<long>(
                result.Findings.Count(finding => finding.Severity == severity),
                Tag("master", result.Facts.MasterName),
                Tag("severity", Labels.Of(severity))))));
        Counter("lease_lapses", "How often it was unknown for a moment whether the master was still the master.", () =>
            [new Measurement<long>(_topology.Lease?.Lapses ?? 0)]);
        Gauge("sentinels", "Sentinels: known, connected, and disagreeing with the master in use.", () => Sources().SelectMany(Sentinels));
    }

    private void AddRoles()
    {
        Counter("role_config_changes", "Server settings changed to match their role, by that role.", () =>
            Sources().SelectMany(source => Enum.GetValues<NodeRole>().Select(role => new Measurement<long>(
                Record(source).ChangesOf(role), MasterTag(source), Tag("role", Labels.Of(role))))));
        Counter("role_config_failures", "Role settings that a server refused or did not keep.", () =>
            Sources().Select(source => new Measurement<long>(Record(source).Failures, MasterTag(source))));
        Gauge("role_config_differences", "Server settings that did not match their role at the last check, dry run or not.", () =>
            Sources().Select(source => new Measurement<long>(Record(source).Differences, MasterTag(source))));
    }

    private void AddFacade()
    {
        Gauge("facade_connections", "Open connections to the Sentinel facade.", () => [new Measurement<long>(_facade.Connections)]);
        Counter("facade_connections_refused", "Connections to the Sentinel facade refused because of sentinelFacade.maxConnections.", () =>
            [new Measurement<long>(_facade.Refused)]);
        Counter(
            "facade_connections_dropped",
            "Connections ended by the Sentinel facade: protocol error, no authentication in time, or a subscriber that does not read.",
            () => [new Measurement<long>(_facade.Dropped)]);
        Counter("facade_commands", "Commands answered by the Sentinel facade, by kind.", () =>
            Enum.GetValues<FacadeCommandKind>().Select(kind => new Measurement<long>(
                _facade.CommandsOf(kind), Tag("kind", Labels.Of(kind)))));
    }

    private void AddNotifications()
    {
        Counter("notifications", "Messages to each receiver of notify, by outcome.", () =>
            _notifications.Receivers.SelectMany(static receiver => Enum.GetValues<NotifyOutcome>().Select(outcome => new Measurement<long>(
                receiver.Counts.Of(outcome), Tag("receiver", receiver.Name), Tag("outcome", Labels.Of(outcome))))));
        Gauge("notifications_waiting", "Messages queued for each receiver of notify, except the one being sent.", () =>
            _notifications.Receivers.Select(static receiver => new Measurement<long>(receiver.Waiting, Tag("receiver", receiver.Name))));
    }

    private void AddProgram()
    {
        Gauge("build_info", "Always 1; the label gives the version.", () => [new Measurement<long>(1, Tag("version", BuildInfo.Version))]);
        Gauge("buffers_in_use", "Buffers currently rented, over all loops.", () =>
            [new Measurement<long>(_forwarder.Loops.Sum(static loop => loop.Slabs.InUse))]);
        Gauge("buffer_bytes", "Memory held for buffers, over all loops.", () =>
            [new Measurement<long>(_forwarder.Loops.Sum(static loop => loop.Slabs.AllocatedBytes))]);
        Counter("managed_allocated_bytes", "Bytes allocated on the managed heap since the start, by all threads.", () =>
            [new Measurement<long>(GC.GetTotalAllocatedBytes(precise: false))]);
        Counter("loop_turns", "Iterations of each event loop.", () =>
            _forwarder.Loops.Select(static loop => new Measurement<long>(loop.Iteration, Tag("loop", loop.Index))));
        Counter("otlp_pushes", "Pushes of the metrics to the collector of otlp.endpoint, by result.", () =>
        [
            new Measurement<long>(_pushes.Done, Tag("result", "done")),
            new Measurement<long>(_pushes.Failed, Tag("result", "failed")),
        ]);
    }

    private void Gauge(string name, string help, Func<IEnumerable<Measurement<long>>> observe) =>
        Meter.CreateObservableGauge(Prefix + name, observe, UnitOf(name), help);

    private void Counter(string name, string help, Func<IEnumerable<Measurement<long>>> observe) =>
        Meter.CreateObservableCounter(Prefix + name, observe, UnitOf(name), help);

    // As in OpenTelemetry (UCUM). Prometheus has units in names only.
    private static string? UnitOf(string name) =>
        name.EndsWith("seconds", StringComparison.Ordinal) ? "s" : name.EndsWith("bytes", StringComparison.Ordinal) ? "By" : null;

    private void Histogram(string name, string help, IReadOnlyList<int> upperBoundsMs, Func<IEnumerable<HistogramSeries>> read) =>
        _histograms.Add(new CountedHistogram(Meter, Prefix + name, help, upperBoundsMs, read));

    private IEnumerable<Measurement<long>> ByListener(Func<SessionCounters, long> read) =>
        _forwarder.Listeners.Select(listener => new Measurement<long>(listener.Counters.Sum(read), ListenerTag(listener)));

    private IEnumerable<Measurement<long>> ByListener<T>(string label, IEnumerable<T> values, Func<SessionCounters, T, long> read)
        where T : notnull =>
        _forwarder.Listeners.SelectMany(listener => values.Select(value => new Measurement<long>(
            listener.Counters.Sum(counters => read(counters, value)), ListenerTag(listener), Tag(label, Labels.Of(value)))));

    private IEnumerable<Measurement<long>> AcceptErrors() => _forwarder.Listeners.SelectMany(static listener =>
    {
        IEnumerable<LoopListener> acceptors = listener.Parts.SelectMany(static part => part.Acceptors);
        return new[]
        {
            new Measurement<long>(acceptors.Sum(static acceptor => acceptor.ClientErrors), ListenerTag(listener), Tag("reason", "client")),
            new Measurement<long>(
                acceptors.Sum(static acceptor => acceptor.ResourceErrors), ListenerTag(listener), Tag("reason", "resources")),
        };
    });

    private RoleRecord Record(ITopologySource source) => _roles.RecordOf(source.Current.MasterName);

    // Several listeners may follow one master.
    private IEnumerable<ITopologySource> Sources() => _forwarder.Listeners.Select(static listener => listener.Source).Distinct();

    private static Measurement<long> MasterInfo(ITopologySource source)
    {
        TopologyView view = source.Current;
        return new Measurement<long>(
            1,
            MasterTag(source),
            Tag("address", view.Master?.Address.ToString() ?? ""),
            Tag("epoch", view.Epoch),
            Tag("generation", view.Generation),
            Tag("availability", Labels.Of(view.Availability)));
    }

    private static IEnumerable<Measurement<long>> Sentinels(ITopologySource source)
    {
        TopologyView view = source.Current;
        int connected = view.Sentinels.Count(static sentinel => sentinel.IsConnected);
        int disagreeing = view.Sentinels.Count(sentinel => sentinel.IsConnected && sentinel.Master != view.Master?.Announced);
        return
        [
            new Measurement<long>(view.Sentinels.Count, MasterTag(source), Tag("state", "known")),
            new Measurement<long>(connected, MasterTag(source), Tag("state", "connected")),
            new Measurement<long>(disagreeing, MasterTag(source), Tag("state", "disagreeing")),
        ];
    }

    private static KeyValuePair<string, object?> ListenerTag(DataPlaneListener listener) => Tag("listener", listener.Options.Name);

    private static KeyValuePair<string, object?>[] ListenerTags(DataPlaneListener listener) => [ListenerTag(listener)];

    private static KeyValuePair<string, object?> MasterTag(ITopologySource source) => Tag("master", source.Current.MasterName);

    private static KeyValuePair<string, object?> Tag(string label, object value) => new(label, value);
}
