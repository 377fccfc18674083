using Microsoft.Extensions.Hosting;

using RedisProxy.Admin;
using RedisProxy.Configuration;
using RedisProxy.DataPlane;

namespace RedisProxy.Hosting;

/// <summary>
/// The process's side of its supervisor: systemd is notified of starts and stops, and its watchdog is fed only while every event loop runs.
/// </summary>
internal sealed class Supervision(
    SystemdNotifier systemd, RunningOptions running, Liveness liveness, Readiness readiness, Forwarder forwarder, TimeProvider time)
    : IHostedLifecycleService, IDisposable
{
    private static readonly TimeSpan ReadyInterval = TimeSpan.FromMilliseconds(20);

    private readonly CancellationTokenSource _stop = new();
    private Task _reporting = Task.CompletedTask;
    private Task _watching = Task.CompletedTask;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        bool isSuccessor = Successor.IsAwaited;
        if (isSuccessor)
        {
            _reporting = ReportAsync();
        }
        else
        {
            systemd.Ready(Status);
        }

        if (systemd.WatchdogTimeout is { } timeout)
        {
            _watching = WatchAsync(timeout / 2, isSuccessor ? timeout / 2 : TimeSpan.Zero);
        }

        return Task.CompletedTask;
    }

    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        systemd.Stopping(StopTime.Most(running.Current), $"stopping, {forwarder.SessionCount} session(s) left");
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_reporting, _watching);
    }

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _stop.Dispose();

    private string Status
    {
        get
        {
            IEnumerable<string> masters = forwarder.Listeners
                .Select(listener => listener.Source.Current)
                .Select(view => $"{view.MasterName} {view.Master?.Announced.ToString() ?? "unknown"} {Labels.Of(view.Availability)}")
                .Distinct();
            return $"{forwarder.SessionCount} session(s); {string.Join(", ", masters)}";
        }
    }

    // Only when it knows a master: the process that waits for it serves clients as long as this one cannot.
    private async Task ReportAsync()
    {
        while (!readiness.HasStarted && !_stop.IsCancellationRequested)
        {
            await Task.Delay(ReadyInterval, time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (readiness.HasStarted)
        {
            Successor.Report();
        }
    }

    private async Task WatchAsync(TimeSpan interval, TimeSpan first)
    {
        try
        {
            await Task.Delay(first, time, _stop.Token);
            while (true)
            {
                if ((await liveness.FindHungLoopsAsync()).Count == 0)
                {
                    systemd.FeedWatchdog(Status);
                }

                await Task.Delay(interval, time, _stop.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }
    }
}
