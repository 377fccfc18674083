using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

using RedisProxy.DataPlane;
using RedisProxy.Transport;

namespace RedisProxy.Admin;

/// <summary>
/// The limits of one connection to the admin surface, beside the number of connections (<see cref="AdminConnections"/>).
/// </summary>
internal static class AdminServer
{
    private const int MaxBodyBytes = 16 * 1024;
    private const int MaxHeaderBytes = 16 * 1024;

    private static readonly TimeSpan HeadersWithin = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(60);
    private static readonly MinDataRate Slowest = new(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(5));

    /// <param name="kestrel">To be configured.</param>
    /// <param name="everything">Serve all paths.</param>
    /// <param name="metrics">Serve health and metrics.</param>
    /// <param name="tls">Null: plain HTTP.</param>
    public static void Configure(KestrelServerOptions kestrel, ListenerSockets? everything, ListenerSockets? metrics, ServerTls? tls)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.RequestHeadersTimeout = HeadersWithin;
        kestrel.Limits.KeepAliveTimeout = KeepAlive;
        kestrel.Limits.MaxRequestBodySize = MaxBodyBytes;
        kestrel.Limits.MaxRequestHeadersTotalSize = MaxHeaderBytes;
        kestrel.Limits.MinRequestBodyDataRate = Slowest;
        kestrel.Limits.MinResponseDataRate = Slowest;
        Listen(kestrel, everything, tls, static _ => { });
        Listen(kestrel, metrics, tls, MetricsAddress.Mark);
    }

    private static void Listen(KestrelServerOptions kestrel, ListenerSockets? sockets, ServerTls? tls, Action<ListenOptions> mark)
    {
        foreach (BoundSocket socket in sockets?.Bound ?? [])
        {
            kestrel.ListenHandle((ulong)sockets!.Transport.HandleOf(socket.Fd), listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                mark(listen);
                if (tls is not null && sockets.Bind.Tcp is not null)
                {
                    listen.UseHttps(new TlsHandshakeCallbackOptions
                    {
                        OnConnection = _ => ValueTask.FromResult(tls.NextHandshake()),
                        HandshakeTimeout = tls.Options.HandshakeTimeout,
                    });
                }
            });
        }
    }

    /// <summary>Marks connections that are being answered.</summary>
    public static void Watch(WebApplication app) => app.Use(static async (http, next) =>
    {
        if (http.Features.Get<AdminConnection>() is not { } connection)
        {
            await next(http);
            return;
        }

        connection.Use = AdminUse.Answer;
        try
        {
            await next(http);
        }
        finally
        {
            connection.Use = AdminUse.None;
        }
    });
}
