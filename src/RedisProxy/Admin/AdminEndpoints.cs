using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Net.Http.Headers;

using Prometheus;

using RedisProxy.Audit;
using RedisProxy.Configuration;
using RedisProxy.DataPlane;
using RedisProxy.Transport;

using static RedisProxy.Admin.AdminAnswers;

namespace RedisProxy.Admin;

/// <summary>The HTTP endpoints for reading. They change nothing; <see cref="OperatorVerbs"/> do.</summary>
internal static class AdminEndpoints
{
    public static void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapRead("/healthz/live", LiveAsync);
        endpoints.MapRead("/healthz/ready", ReadyAsync);
        endpoints.MapRead("/healthz/startup", StartupAsync);
        endpoints.MapRead("/status", StatusAsync);
        endpoints.MapRead("/sessions", SessionsAsync);
        InsightEndpoints.Map(endpoints);
        endpoints.MapRead("/audit", AuditAsync);
        endpoints.MapRead("/config", ConfigAsync);
        endpoints.MapRead("/history", HistoryAsync);
        var metrics = new Lazy<RequestDelegate>(() => CreateMetricsServer(endpoints));
        endpoints.MapRead("/metrics", http => metrics.Value(http));
    }

    // Serves text or OpenMetrics, whichever the scraper prefers. Created for the first scrape, when the services are there.
    private static RequestDelegate CreateMetricsServer(IEndpointRouteBuilder endpoints)
    {
        CollectorRegistry registry = endpoints.ServiceProvider.GetRequiredService<PrometheusRegistry>().Registry;
        IApplicationBuilder server = endpoints.CreateApplicationBuilder();
        server.Use(static (http, next) =>
        {
            http.Response.Headers.Vary = HeaderNames.Accept;
            return next(http);
        });
        return server.UseMetricServer(settings => settings.Registry = registry, url: null).Build();
    }

    private static async Task LiveAsync(HttpContext http)
    {
        IReadOnlyList<int> hung = await http.RequestServices.GetRequiredService<Liveness>().FindHungLoopsAsync();
        await WriteAsync(http, hung.Count == 0, hung.Count == 0 ? "ok\n" : $"hung event loops: {string.Join(", ", hung)}\n");
    }

    private static Task ReadyAsync(HttpContext http)
    {
        Readiness readiness = http.RequestServices.GetRequiredService<Readiness>();
        bool isReady = readiness.IsReady;
        IEnumerable<string> lines = readiness.Describe().Prepend(isReady ? "ready" : "not ready");
        return WriteAsync(http, isReady, string.Join('\n', lines) + "\n");
    }

    // Ready, once and for all: an orchestrator that restarts what does not start must not restart what is stopping.
    private static Task StartupAsync(HttpContext http)
    {
        bool hasStarted = http.RequestServices.GetRequiredService<Readiness>().HasStarted;
        return WriteAsync(http, hasStarted, hasStarted ? "started\n" : "waiting for a master\n");
    }

    private static async Task StatusAsync(HttpContext http)
    {
        ProxyStatus status = await http.RequestServices.GetRequiredService<StatusReport>().MakeAsync();
        await (IsForPeople(http)
            ? WriteAsync(http, isOk: true, StatusText.Of(status))
            : WriteJsonAsync(http, status, AdminJson.Default.ProxyStatus));
    }

    private static async Task SessionsAsync(HttpContext http)
    {
        Forwarder forwarder = http.RequestServices.GetRequiredService<Forwarder>();
        var query = SessionQuery.Read(http.Request.Query, forwarder.Listeners.Select(listener => listener.Options.Name), out string error);
        if (query is null)
        {
            await WriteAsync(http, StatusCodes.Status400BadRequest, $"{error}\n");
            return;
        }

        SessionsAnswer answer;
        try
        {
            answer = await query.AskAsync(forwarder);
        }
        catch (TimeoutException)
        {
            await WriteAsync(http, isOk: false, HungLoop);
            return;
        }

        await (IsForPeople(http)
            ? WriteAsync(http, isOk: true, StatusText.Of(answer))
            : WriteJsonAsync(http, answer, AdminJson.Default.SessionsAnswer));
    }

    private static async Task AuditAsync(HttpContext http)
    {
        IReadOnlyList<AuditResult> results;
        try
        {
            results = await http.RequestServices.GetRequiredService<AuditWatch>().RunAsync().WaitAsync(http.RequestAborted);
        }
        catch (TimeoutException late)
        {
            await WriteAsync(http, isOk: false, $"the audit failed: {late.Message}\n");
            return;
        }

        await (IsForPeople(http)
            ? WriteAsync(http, isOk: true, AuditText.Of(results))
            : WriteJsonAsync(http, AuditDocument.Of(results), AuditJson.Default.AuditDocument));
    }

    private static Task ConfigAsync(HttpContext http)
    {
        IServiceProvider services = http.RequestServices;
        ConfigDocument document = ConfigDocument.Of(
            services.GetRequiredService<RunningOptions>().Current,
            services.GetRequiredService<ConfigSource>(),
            services.GetRequiredService<TlsSetup>());
        return WriteJsonAsync(http, document, ConfigDocumentJson.Default.ConfigDocument);
    }

    private static Task HistoryAsync(HttpContext http) => WriteJsonAsync(
        http, http.RequestServices.GetRequiredService<StatusHistory>().Document, HistoryJson.Default.HistoryDocument);
}
