using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace RedisProxy.Admin;

/// <summary>
/// The page at <c>/</c>, one self-contained document, and the events that keep it live: the status every second, as server-sent events
/// (html.spec.whatwg.org, server-sent events).
/// </summary>
internal static class StatusPage
{
    /// <summary>Each costs a status document per second. More open pages than this have been forgotten.</summary>
    public const int MaxStreams = 32;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly byte[] Document = Load();
    private static readonly string Policy = MakePolicy(Encoding.UTF8.GetString(Document));
    private static readonly EventStreams Streams = new(MaxStreams);

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapRead("/", ShowAsync);
        endpoints.MapGet("/events", (RequestDelegate)StreamAsync);
    }

    private static Task ShowAsync(HttpContext http)
    {
        http.Response.ContentType = "text/html; charset=utf-8";
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers.ContentSecurityPolicy = Policy;
        http.Response.Headers.XContentTypeOptions = "nosniff";
        return http.Response.Body.WriteAsync(Document, http.RequestAborted).AsTask();
    }

    private static async Task StreamAsync(HttpContext http)
    {
        if (Streams.TryOpen(http.Connection.RemoteIpAddress) is not { } stream)
        {
            http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            await http.Response.WriteAsync($"{MaxStreams} pages are open already\n", http.RequestAborted);
            return;
        }

        // An open page must not delay a stop.
        CancellationToken stopping = http.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, stopping, stream.End);
        try
        {
            await StreamAsync(http, end.Token);
        }
        catch (OperationCanceledException)
        {
            // The page was closed, or its place was needed, or the proxy is stopping.
        }
        finally
        {
            Streams.Close(stream);
        }
    }

    private static async Task StreamAsync(HttpContext http, CancellationToken end)
    {
        http.Response.ContentType = "text/event-stream";
        http.Response.Headers.CacheControl = "no-store";
        StatusReport report = http.RequestServices.GetRequiredService<StatusReport>();
        using var timer = new PeriodicTimer(Interval, http.RequestServices.GetRequiredService<TimeProvider>());
        do
        {
            string json = JsonSerializer.Serialize(await report.MakeAsync(), AdminEventJson.Default.ProxyStatus);
            await http.Response.WriteAsync($"data: {json}\n\n", end);
            await http.Response.Body.FlushAsync(end);
        }
        while (await timer.WaitForNextTickAsync(end));
    }

    private static byte[] Load()
    {
        using Stream resource = Assembly.GetExecutingAssembly().GetManifestResourceStream("status.html")!;
        using var bytes = new MemoryStream();
        resource.CopyTo(bytes);
        return bytes.ToArray();
    }

    // Only what is in the document itself, identified by its hash (CSP level 3, "sha256-…"): injected scripts would not run.
    private static string MakePolicy(string document) =>
        $"default-src 'none'; script-src 'sha256-{HashOf(document, "script")}'; style-src 'sha256-{HashOf(document, "style")}'; "
        + "img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static string HashOf(string document, string tag)
    {
        int begin = document.IndexOf($"<{tag}>", StringComparison.Ordinal) + tag.Length + 2;
        int end = document.IndexOf($"</{tag}>", begin, StringComparison.Ordinal);
        return Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(document[begin..end])));
    }
}
