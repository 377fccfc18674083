using System.Runtime.InteropServices;

using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

using RedisProxy.Admin;

namespace RedisProxy.Hosting;

/// <summary>
/// SIGHUP, which <c>systemctl reload</c> sends: what is on the disk takes effect. If the program there is another one than this, it takes
/// over, and reads the configuration itself; otherwise the configuration is reloaded.
/// </summary>
internal sealed class HangUp(
    SystemdNotifier systemd, ConfigurationReload reload, Successor successor, IHostApplicationLifetime lifetime, ILogger<HangUp> log)
    : IHostedService, IDisposable
{
    private readonly SemaphoreSlim _one = new(1);
    private PosixSignalRegistration? _registration;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _registration = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            // Its default action would end the process.
            context.Cancel = true;
            _ = ActAsync();
        });
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        _registration?.Dispose();
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        _registration?.Dispose();
        _one.Dispose();
    }

    private async Task ActAsync()
    {
        await _one.WaitAsync();
        try
        {
            if (lifetime.ApplicationStopping.IsCancellationRequested)
            {
                // Perhaps because of the signal before this one: another process is the service by now.
                HostingLog.HangUpIgnored(log);
                return;
            }

            await ReloadAsync();
        }
        catch (Exception error)
        {
            HostingLog.ReloadFailed(log, error);
        }
        finally
        {
            _one.Release();
        }
    }

    private async Task ReloadAsync()
    {
        systemd.Reloading();
        try
        {
            await (successor.IsDue ? successor.StartAsync() : reload.RunAsync());
        }
        finally
        {
            systemd.Reloaded();
        }
    }
}
