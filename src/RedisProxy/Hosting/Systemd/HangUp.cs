using System.Runtime.InteropServices;

using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

using RedisProxy.Admin;

namespace RedisProxy.Hosting;

/// <summary>
/// SIGHUP, which <c>systemctl reload</c> sends: what is on the disk takes effect. If the program there is another one than this, it takes
/// over, and reads the configuration itself; otherwise the configuration is reloaded.
/// </summary>
internal sealed class HangUp(SystemdNotifier systemd, ConfigurationReload reload, Successor successor, ILogger<HangUp> log)
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
        systemd.Reloading();
        try
        {
            if (successor.IsDue)
            {
                await successor.StartAsync();
            }
            else
            {
                await reload.RunAsync();
            }
        }
        catch (Exception error)
        {
            HostingLog.ReloadFailed(log, error);
        }
        finally
        {
            systemd.Reloaded();
            _one.Release();
        }
    }
}
