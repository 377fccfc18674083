using System.Diagnostics;
using System.Diagnostics.Metrics;

using RedisProxy.EventLoops;

namespace RedisProxy.Admin;

/// <summary>What every exporter for Prometheus says of its process, under the names that dashboards and alert rules know.</summary>
internal static class ProcessMetrics
{
    private const string DescriptorFolder = "/proc/self/fd";

    public static void AddTo(Meter meter)
    {
        double startedAt = StartedAt();
        meter.CreateObservableCounter(
            "process_cpu_seconds",
            static () => Environment.CpuUsage.TotalTime.TotalSeconds,
            unit: "s",
            description: "Time on processors since the start, user and system, of all threads.");
        meter.CreateObservableGauge(
            "process_resident_memory_bytes",
            static () => Environment.WorkingSet,
            unit: "By",
            description: "Memory that the process has resident.");
        meter.CreateObservableGauge(
            "process_start_time_seconds",
            () => startedAt,
            unit: "s",
            description: "When the process was started, in seconds since 1970 (UTC).");
        meter.CreateObservableGauge("process_open_fds", OpenDescriptors, description: "File descriptors that are open.");
        meter.CreateObservableGauge(
            "process_max_fds", static () => Sockets.MaxOpenFiles, description: "How many file descriptors may be open (ulimit -n).");
    }

    // To count them opens one more, which is not counted.
    private static IEnumerable<Measurement<long>> OpenDescriptors() => Directory.Exists(DescriptorFolder)
        ? [new Measurement<long>(Directory.EnumerateFileSystemEntries(DescriptorFolder).Count() - 1)]
        : [];

    private static double StartedAt()
    {
        using var self = Process.GetCurrentProcess();
        return (self.StartTime.ToUniversalTime() - DateTime.UnixEpoch).TotalSeconds;
    }
}
