using System.Runtime.InteropServices;

using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

using RedisProxy.Admin;
using RedisProxy.Configuration;
using RedisProxy.DataPlane;

namespace RedisProxy.Hosting;

/// <summary>
/// The process's side of its supervisor: SIGHUP triggers a reload, and systemd is notified of starts, reloads and stops. Its watchdog is
/// fed only while every event loop runs.
/// </summary>
internal sealed class Supervision(
    SystemdNotifier systemd, ConfigurationReload reload, RunningOptions running, Liveness liveness, Forwarder forwarder, TimeProvider time,
    ILogger<Supervision> log) : IHostedLifecycleService, IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private PosixSignalRegistration? _hangUp;
    private Task _watching = Task.CompletedTask;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            // Its default action would end the process.
            context.Cancel = true;
            _ = ReloadAsync();
        });
        return Task.CompletedTask;
    }

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        systemd.Ready(Status);
        if (systemd.WatchdogTimeout is { } timeout)
        {
            _watching = WatchAsync(timeout / 2);
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
        _hangUp?.Dispose();
        await _stop.CancelAsync();
        await _watching;
    }

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        _stop.Dispose();
        _hangUp?.Dispose();
    }

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

    private async Task ReloadAsync()
    {
        systemd.Reloading();
        try
        {
            await reload.RunAsync();
        }
        catch (Exception error)
        {
            HostingLog.ReloadFailed(log, error);
        }
        finally
        {
            systemd.Ready(Status);
        }
    }

    private async Task WatchAsync(TimeSpan interval)
    {
        try
        {
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
