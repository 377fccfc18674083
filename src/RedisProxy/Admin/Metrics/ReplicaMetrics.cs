using System.Diagnostics.Metrics;

using RedisProxy.Configuration;
using RedisProxy.DataPlane;
using RedisProxy.Topology;

namespace RedisProxy.Admin;

/// <summary>
/// The state of the replicas, and the servers used by replica listeners. A replica that the Sentinels no longer list has no series.
/// </summary>
internal static class ReplicaMetrics
{
    private const string Prefix = "redisproxy_";

    public static void AddTo(Meter meter, Forwarder forwarder, TopologyService topology)
    {
        void Gauge(string name, string help, Func<IEnumerable<Measurement<double>>> observe) =>
            meter.CreateObservableGauge(Prefix + name, observe, UnitOf(name), help);
        void Counter(string name, string help, Func<IEnumerable<Measurement<double>>> observe) =>
            meter.CreateObservableCounter(Prefix + name, observe, UnitOf(name), help);
        IEnumerable<Measurement<double>> OfReplicas(Func<ReplicaState, double?> read) => Replicas(topology, read);
        IEnumerable<Measurement<double>> OfMasters(Func<ReplicationView, double?> read) => Masters(topology, read);

        Gauge("replica_up", "1 when the replica answered the proxy's last poll.", () =>
            OfReplicas(static r => r.Facts is null ? 0 : 1));
        Gauge("replica_link_up", "1 when the replica reports its link to the master up.", () =>
            OfReplicas(static r => r.Facts is null ? null : r.Facts.IsLinkUp ? 1 : 0));
        Gauge("replica_lag_bytes", "How far the replica is behind the master, by the replication offsets.", () =>
            OfReplicas(static r => r.LagBytes));
        Gauge("replica_lag_seconds", "How far the replica is behind the master, in time; 0 when it lacks nothing.", () =>
            OfReplicas(static r => r.Lag?.TotalSeconds));
        Counter("replica_full_syncs", "Full syncs that the replica was seen to begin.", () =>
            OfReplicas(static r => r.FullSyncs));
        Gauge("replicas_syncing", "Replicas in a full sync; several at once are a replication storm.", () =>
            OfMasters(static view => Math.Max(
                view.Master?.SyncingReplicas ?? 0, view.Replicas.Count(static r => r.Facts is { IsSyncing: true }))));
        Gauge("replication_backlog_bytes", "The master's repl-backlog-size: how much a replica may miss and still resync partially.", () =>
            OfMasters(static view => view.Master?.BacklogBytes));
        Gauge("replication_backlog_seconds", "Seconds of writes covered by the backlog at the present rate; none while idle.", () =>
            OfMasters(static view => view.BacklogSeconds));
        Gauge("replication_write_bytes", "The master's write rate to the replication stream, per second, smoothed.", () =>
            OfMasters(static view => view.Master is null ? null : view.WriteRate));
        Counter("replication_syncs", "Replica synchronisations counted by masters while polled, by kind.", () =>
            Sources(topology).SelectMany(static pair => new[]
            {
                new Measurement<double>(pair.View.Syncs.Full, Tag("master", pair.Master), Tag("kind", "full")),
                new Measurement<double>(pair.View.Syncs.Partial, Tag("master", pair.Master), Tag("kind", "partial")),
                new Measurement<double>(pair.View.Syncs.Refused, Tag("master", pair.Master), Tag("kind", "refused")),
            }));
        Gauge("listener_servers", "Servers available to a replica listener's sessions: replicas, or the master in their place.", () =>
            ReplicaListeners(forwarder).Select(static listener =>
                new Measurement<double>(listener.View.Targets.Count, Tag("listener", listener.Options.Name))));
        Gauge("server_sessions", "Current sessions of a replica listener, by server.", () =>
            ReplicaListeners(forwarder).SelectMany(static listener => listener.View.Targets.Select(target =>
                new Measurement<double>(target.Sessions, Tag("listener", listener.Options.Name), Tag("server", target.Announced)))));
        Gauge("listener_falls_back", "1 while the master serves a replica listener, because no replica is healthy.", () =>
            ReplicaListeners(forwarder).Select(static listener =>
                new Measurement<double>(listener.IsServedByMaster ? 1 : 0, Tag("listener", listener.Options.Name))));
    }

    private static string? UnitOf(string name) =>
        name.EndsWith("seconds", StringComparison.Ordinal) ? "s" : name.EndsWith("bytes", StringComparison.Ordinal) ? "By" : null;

    private static IEnumerable<DataPlaneListener> ReplicaListeners(Forwarder forwarder) =>
        forwarder.Listeners.Where(static listener => listener.Options.Role == ListenerRole.Replica);

    private static IEnumerable<(string Master, ReplicationView View)> Sources(TopologyService topology) =>
        from source in topology.Sources
        let name = source.Current.MasterName
        let view = topology.ReplicationOf(name)
        where view is not null
        select (name, view);

    private static IEnumerable<Measurement<double>> Masters(TopologyService topology, Func<ReplicationView, double?> read) =>
        from pair in Sources(topology)
        let value = read(pair.View)
        where value is not null
        select new Measurement<double>(value.Value, Tag("master", pair.Master));

    private static IEnumerable<Measurement<double>> Replicas(TopologyService topology, Func<ReplicaState, double?> read) =>
        from pair in Sources(topology)
        from replica in pair.View.Replicas
        where replica.WasLookedAt
        let value = read(replica)
        where value is not null
        select new Measurement<double>(value.Value, Tag("master", pair.Master), Tag("replica", replica.Endpoint));

    private static KeyValuePair<string, object?> Tag(string label, object value) => new(label, value.ToString());
}
