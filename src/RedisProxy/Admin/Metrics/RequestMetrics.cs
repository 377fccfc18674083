using System.Diagnostics.Metrics;

using RedisProxy.Configuration;
using RedisProxy.DataPlane;
using RedisProxy.Sessions;
using RedisProxy.Topology;

namespace RedisProxy.Admin;

/// <summary>How long requests take, and how many took long.</summary>
internal static class RequestMetrics
{
    public static CountedHistogram AddTo(Meter meter, Forwarder forwarder)
    {
        meter.CreateObservableCounter(
            "redisproxy_slow_requests",
            () => forwarder.Listeners.Select(static listener => new Measurement<long>(
                listener.Counters.Sum(static counters => counters.Slow.Count),
                new KeyValuePair<string, object?>("listener", listener.Options.Name))),
            description: "Requests that a server took longer than slowlog.threshold to answer, see RedisProxy slowlog.");
        return new CountedHistogram(
            meter,
            "redisproxy_request_seconds",
            "How long requests took, by stage and class: waiting for a connection or their turn, held for lack of a master, and at the "
                + "backend. Of replies read together, only the oldest is counted.",
            RequestTimes.BoundsUs,
            () => forwarder.Listeners.SelectMany(SeriesOf),
            DurationHistogram.UsPerSecond);
    }

    private static IEnumerable<HistogramSeries> SeriesOf(DataPlaneListener listener) =>
        from stage in Enum.GetValues<RequestStage>()
        from kind in Enum.GetValues<RequestClass>()
        select new HistogramSeries(
            [new("listener", listener.Options.Name), new("class", Labels.Of(kind)), new("stage", Labels.Of(stage))],
            [.. listener.Counters.Select(counters => counters.Times.Of(stage, kind))]);
}
