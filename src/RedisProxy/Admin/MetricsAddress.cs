using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace RedisProxy.Admin;

/// <summary>
/// <c>admin.metricsBind</c> serves health and metrics and nothing else. Its connections are marked when they are accepted, not recognised
/// by their port: behind it there may be any number of translations.
/// </summary>
internal static class MetricsAddress
{
    public static void Mark(ListenOptions listen) => listen.Use(next => connection =>
    {
        connection.Features.Set(new OnlyMetrics());
        return next(connection);
    });

    public static void Restrict(WebApplication app) => app.Use(static (http, next) =>
        http.Features.Get<OnlyMetrics>() is null || IsServed(http.Request.Path) ? next(http) : RefuseAsync(http));

    private static bool IsServed(PathString path) => path.StartsWithSegments("/healthz") || path == "/metrics";

    private static Task RefuseAsync(HttpContext http)
    {
        http.Response.StatusCode = StatusCodes.Status404NotFound;
        http.Response.ContentType = "text/plain; charset=utf-8";
        return http.Response.WriteAsync(
            "this address serves /metrics and /healthz only (admin.metricsBind); everything else is at admin.bind\n", http.RequestAborted);
    }

    /// <summary>A feature of a connection.</summary>
    private sealed class OnlyMetrics;
}
