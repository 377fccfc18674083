using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Net.Http.Headers;

using RedisProxy.DataPlane;

namespace RedisProxy.Admin;

/// <summary><c>/metrics</c>, in the requested format.</summary>
internal static class MetricsEndpoint
{
    private const string PrometheusType = "text/plain; version=0.0.4; charset=utf-8";
    private const string OpenMetricsType = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    private const string OpenMetricsName = "application/openmetrics-text";

    // A hung loop must not hide the metrics that reveal it; /healthz/live names it.
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(1);

    public static async Task ServeAsync(HttpContext http)
    {
        IServiceProvider services = http.RequestServices;
        await services.GetRequiredService<Forwarder>().TryCountPendingAsync(MaxWait, services.GetRequiredService<TimeProvider>());
        MetricsFormat format = FormatFor(http.Request.Headers.Accept);
        http.Response.ContentType = format == MetricsFormat.OpenMetrics ? OpenMetricsType : PrometheusType;
        http.Response.Headers.Vary = HeaderNames.Accept;
        await http.Response.WriteAsync(services.GetRequiredService<PrometheusText>().Scrape(format), http.RequestAborted);
    }

    /// <summary>OpenMetrics if requested and not less preferred than plain text; otherwise Prometheus's format.</summary>
    public static MetricsFormat FormatFor(IList<string?> accept)
    {
        if (!MediaTypeHeaderValue.TryParseList([.. accept.OfType<string>()], out IList<MediaTypeHeaderValue>? types))
        {
            return MetricsFormat.Prometheus;
        }

        double open = types.Where(IsOpenMetrics).Select(QualityOf).DefaultIfEmpty(0).Max();
        double plain = types.Where(IsPlainText).Select(QualityOf).DefaultIfEmpty(0).Max();
        return open > 0 && open >= plain ? MetricsFormat.OpenMetrics : MetricsFormat.Prometheus;
    }

    private static bool IsOpenMetrics(MediaTypeHeaderValue type) =>
        type.MediaType.Equals(OpenMetricsName, StringComparison.OrdinalIgnoreCase)
        && VersionOf(type) is null or "1.0.0";

    private static bool IsPlainText(MediaTypeHeaderValue type) =>
        type.MediaType.Equals("text/plain", StringComparison.OrdinalIgnoreCase) && VersionOf(type) is null or "0.0.4";

    private static string? VersionOf(MediaTypeHeaderValue type) => type.Parameters.FirstOrDefault(
        parameter => parameter.Name.Equals("version", StringComparison.OrdinalIgnoreCase))?.GetUnescapedValue().Value;

    private static double QualityOf(MediaTypeHeaderValue type) => type.Quality ?? 1;
}
