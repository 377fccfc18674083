using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace RedisProxy.Admin;

/// <summary>The operators' HTTP surface. It only reads; nothing here can change or stop anything.</summary>
internal static class AdminEndpoints
{
    private const string TextType = "text/plain; charset=utf-8";

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/healthz/live", (RequestDelegate)LiveAsync);
        endpoints.MapGet("/healthz/ready", (RequestDelegate)ReadyAsync);
        endpoints.MapGet("/metrics", (RequestDelegate)MetricsAsync);
    }

    private static async Task LiveAsync(HttpContext http)
    {
        IReadOnlyList<int> hung = await http.RequestServices.GetRequiredService<Liveness>().FindHungLoopsAsync();
        await WriteAsync(http, hung.Count == 0, hung.Count == 0 ? "ok\n" : $"loops that do not turn: {string.Join(", ", hung)}\n");
    }

    private static Task ReadyAsync(HttpContext http)
    {
        Readiness readiness = http.RequestServices.GetRequiredService<Readiness>();
        bool isReady = readiness.IsReady;
        IEnumerable<string> lines = readiness.Describe().Prepend(isReady ? "ready" : "not ready");
        return WriteAsync(http, isReady, string.Join('\n', lines) + "\n");
    }

    private static Task MetricsAsync(HttpContext http)
    {
        http.Response.ContentType = PrometheusText.ContentType;
        return http.Response.WriteAsync(http.RequestServices.GetRequiredService<PrometheusText>().Scrape(), http.RequestAborted);
    }

    private static Task WriteAsync(HttpContext http, bool isOk, string text)
    {
        http.Response.StatusCode = isOk ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        http.Response.ContentType = TextType;
        http.Response.Headers.CacheControl = "no-store";
        return http.Response.WriteAsync(text, http.RequestAborted);
    }
}
