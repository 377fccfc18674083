using System.Diagnostics;
using System.Diagnostics.Metrics;

using RedisProxy.EventLoops;

namespace RedisProxy.Admin;

/// <summary>The process metrics of every Prometheus exporter, under the names that dashboards and alert rules expect.</summary>
internal static class ProcessMetrics
{
    public static void AddTo(Meter meter)
    {
        double startedAt = StartedAt();
        meter.CreateObservableCounter(
            "process_cpu_seconds",
            static () => Environment.CpuUsage.TotalTime.TotalSeconds,
            unit: "s",
            description: "CPU time since the start, user and system, of all threads.");
        meter.CreateObservableGauge(
            "process_resident_memory_bytes",
            static () => Environment.WorkingSet,
            unit: "By",
            description: "Resident memory of the process.");
        meter.CreateObservableGauge(
            "process_start_time_seconds",
            () => startedAt,
            unit: "s",
            description: "Start time of the process, in seconds since 1970 (UTC).");
        meter.CreateObservableGauge("process_open_fds", OpenDescriptors, description: "Open file descriptors.");
        meter.CreateObservableGauge("process_max_fds", MaxDescriptors, description: "Maximum number of open file descriptors (ulimit -n).");
    }

    private static IEnumerable<Measurement<long>> OpenDescriptors() =>
        SystemLimits.CountOpenFiles() is { } count ? [new Measurement<long>(count)] : [];

    private static IEnumerable<Measurement<long>> MaxDescriptors() =>
        SystemLimits.MaxOpenFiles is < long.MaxValue and var max ? [new Measurement<long>(max)] : [];

    private static double StartedAt()
    {
        using var self = Process.GetCurrentProcess();
        return (self.StartTime.ToUniversalTime() - DateTime.UnixEpoch).TotalSeconds;
    }
}
