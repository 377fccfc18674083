using System.ComponentModel;
using System.Net.Sockets;

using Microsoft.Extensions.Logging;

using RedisProxy.Configuration;
using RedisProxy.DataPlane;
using RedisProxy.EventLoops;
using RedisProxy.SentinelFacade;
using RedisProxy.Sessions;

namespace RedisProxy.Hosting;

/// <summary>
/// The Sentinel facade's address: bound before anything runs, shared with a proxy that takes over, and released before a drain.
/// </summary>
internal sealed class FacadeService(
    RunningOptions running, FacadeServer server, PortTakeover takeover, ILogger<FacadeServer> log)
{
    private ListenerSockets? _sockets;

    /// <summary>If it is configured.</summary>
    /// <exception cref="Win32Exception">The address cannot be bound.</exception>
    public async Task BindAsync(CancellationToken cancel)
    {
        ProxyOptions options = running.Current;
        if (options.SentinelFacade.Bind is { } bind)
        {
            TcpSettings accepted = SessionSettings.ToTcpSettings(options.Client.KeepAlive, options.Client.UserTimeout);
            try
            {
                _sockets = await ListenerSockets.BindAsync(
                    takeover.Transport, BindAddress.OfTcp(bind), loops: 1, accepted, takeover.Sharing, file: null, cancel);
            }
            catch (Win32Exception failure)
            {
                throw new Win32Exception(failure.NativeErrorCode, $"sentinelFacade.bind: {failure.Message}");
            }
        }
    }

    /// <summary>Starts answering clients.</summary>
    /// <param name="areClosing">The process is stopping.</param>
    public void Start(Func<bool> areClosing)
    {
        if (_sockets is not { } sockets)
        {
            return;
        }

        SentinelFacadeOptions options = running.Current.SentinelFacade;
        int possible = (int)Descriptors.OfFacade(options);
        if (possible < options.MaxConnections)
        {
            FacadeLog.TooFewFiles(log, options.MaxConnections, possible);
        }

        takeover.Take(sockets, areClosing);
        server.Start(
            [.. sockets.Bound.Select(
                socket => new Socket(new SafeSocketHandle(sockets.Transport.Release(socket.Fd), ownsHandle: true)))],
            sockets.Bind.Tcp!,
            possible);
    }

    /// <summary>A proxy that is shutting down is no longer announced.</summary>
    public async Task StopAsync()
    {
        if (_sockets is { } sockets)
        {
            await takeover.GiveWayAsync(sockets);
            await server.StopAsync();
        }
    }
}
