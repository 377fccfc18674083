using System.Text.Json.Serialization;

using Microsoft.Extensions.Hosting;

using RedisProxy.DataPlane;
using RedisProxy.Sessions;

namespace RedisProxy.Admin;

/// <summary>
/// The last three minutes, a sample each second, for pages: one that is opened or reloaded shows what has just happened. Kept in a ring.
/// </summary>
internal sealed class StatusHistory(Forwarder forwarder, Readiness readiness, TimeProvider time) : BackgroundService
{
    /// <summary>The page shows as many.</summary>
    public const int MaxSamples = 180;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly SessionPhase[] Waits = [SessionPhase.Draining, SessionPhase.Holding, SessionPhase.Retargeting];

    private readonly Lock _gate = new();
    private readonly Queue<HistorySample> _samples = new(MaxSamples);

    /// <summary>Oldest first.</summary>
    public HistoryDocument Document
    {
        get
        {
            lock (_gate)
            {
                return new HistoryDocument([.. _samples], [.. forwarder.Listeners.Select(TakeOverStatus.Of).OfType<TakeOverStatus>()]);
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            HistorySample sample = Take();
            lock (_gate)
            {
                while (_samples.Count >= MaxSamples)
                {
                    _samples.Dequeue();
                }

                _samples.Enqueue(sample);
            }
        }
    }

    private HistorySample Take()
    {
        long requests = 0;
        long bytes = 0;
        long waiting = 0;
        foreach (SessionCounters counters in forwarder.Listeners.SelectMany(static listener => listener.Counters))
        {
            requests += counters.Requests;
            bytes += counters.RequestBytes + counters.ReplyBytes;
            waiting += Waits.Sum(phase => counters.Phases[(int)phase]);
        }

        return new HistorySample(
            Math.Round(readiness.Uptime.TotalSeconds, 3),
            requests,
            bytes,
            waiting,
            forwarder.Listeners.Max(static listener => listener.Source.ProbeRoundTrip?.TotalMilliseconds));
    }
}

/// <summary>The document of <c>/history</c>.</summary>
/// <param name="Samples">Oldest first.</param>
/// <param name="TakeOvers">What came from the process that this one has taken over from, for each listener.</param>
internal sealed record HistoryDocument(IReadOnlyList<HistorySample> Samples, IReadOnlyList<TakeOverStatus> TakeOvers);

/// <param name="UptimeSeconds">When it was taken.</param>
/// <param name="Requests">Answered since the start.</param>
/// <param name="Bytes">Relayed since the start.</param>
/// <param name="SessionsWaiting">At that moment.</param>
/// <param name="ProbeMilliseconds">The slowest of the last probes of the masters; null: none was answered.</param>
internal sealed record HistorySample(double UptimeSeconds, long Requests, long Bytes, long SessionsWaiting, double? ProbeMilliseconds);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(HistoryDocument))]
internal sealed partial class HistoryJson : JsonSerializerContext;
