using System.Diagnostics.Metrics;

using RedisProxy.Configuration;
using RedisProxy.DataPlane;
using RedisProxy.Sessions;

namespace RedisProxy.Admin;

/// <summary>The links of listeners with <c>multiplex</c>. Other listeners have no series of these.</summary>
internal static class LinkMetrics
{
    private const string Prefix = "redisproxy_";

    private static readonly LinkKind[] KindsOfLinks = [LinkKind.Shared, LinkKind.Dedicated, LinkKind.Kept];
    private static readonly LinkKind[] KindsOfSessions = [LinkKind.Shared, LinkKind.Dedicated, LinkKind.None];

    public static void AddTo(Meter meter, Forwarder forwarder)
    {
        void Gauge(string name, string help, Func<IEnumerable<Measurement<long>>> observe) =>
            meter.CreateObservableGauge(Prefix + name, observe, description: help);
        IEnumerable<Measurement<long>> By<T>(string label, T[] values, Func<SessionCounters, T, long> read)
            where T : notnull =>
            Sharing(forwarder).SelectMany(listener => values.Select(value => new Measurement<long>(
                listener.Counters.Sum(counters => read(counters, value)), ListenerTag(listener), new(label, Labels.Of(value)))));
        IEnumerable<Measurement<long>> Of(Func<SessionCounters, long> read) => Sharing(forwarder).Select(listener =>
            new Measurement<long>(listener.Counters.Sum(read), ListenerTag(listener)));

        Gauge("links", "Connections to servers: shared by sessions, dedicated to one, or kept for the next one that needs its own.", () =>
            By("kind", KindsOfLinks, static (counters, kind) => counters.LinksNow[(int)kind]));
        Gauge("link_sessions", "Current sessions, by the kind of their link.", () =>
            By("kind", KindsOfSessions, static (counters, kind) => counters.LinkSessions[(int)kind]));
        Gauge("link_queued_sessions", "Sessions waiting for their turn to send on a shared link.", () =>
            Of(static counters => counters.LinkQueued));
        Gauge("link_owed_replies", "Replies that servers owe on shared links.", () => Of(static counters => counters.LinkOwed));
        meter.CreateObservableCounter(
            Prefix + "links_dedicated",
            () => By("reason", Enum.GetValues<DedicatedReason>()[1..], static (counters, reason) => counters.Dedicated[(int)reason]),
            description: "How often a session got a link of its own, by what it needed that for.");
    }

    private static IEnumerable<DataPlaneListener> Sharing(Forwarder forwarder) =>
        forwarder.Listeners.Where(static listener => listener.SharesLinks);

    private static KeyValuePair<string, object?> ListenerTag(DataPlaneListener listener) => new("listener", listener.Options.Name);
}
