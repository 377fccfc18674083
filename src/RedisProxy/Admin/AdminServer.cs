using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;

using RedisProxy.DataPlane;

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

    public static void Configure(KestrelServerOptions kestrel, ListenerSockets sockets)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.RequestHeadersTimeout = HeadersWithin;
        kestrel.Limits.KeepAliveTimeout = KeepAlive;
        kestrel.Limits.MaxRequestBodySize = MaxBodyBytes;
        kestrel.Limits.MaxRequestHeadersTotalSize = MaxHeaderBytes;
        kestrel.Limits.MinRequestBodyDataRate = Slowest;
        kestrel.Limits.MinResponseDataRate = Slowest;
        foreach (BoundSocket socket in sockets.Bound)
        {
            kestrel.ListenHandle((ulong)sockets.Transport.HandleOf(socket.Fd), static listen => listen.Protocols = HttpProtocols.Http1);
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
