using System.Text.Json.Serialization.Metadata;

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace RedisProxy.Admin;

/// <summary>How the admin surface answers: JSON for programs, text for people.</summary>
internal static class AdminAnswers
{
    public const string HungLoop = "an event loop does not answer, see /healthz/live\n";

    private const string TextType = "text/plain; charset=utf-8";

    // A client that only wants to know whether there is an answer asks with HEAD; the server then leaves out the body (RFC 9110, 9.3.2).
    private static readonly string[] ReadMethods = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>An endpoint that is read.</summary>
    public static void MapRead(this IEndpointRouteBuilder endpoints, string path, RequestDelegate answer) =>
        endpoints.MapMethods(path, ReadMethods, answer);

    /// <summary>JSON unless text is requested: programs rarely send an Accept header.</summary>
    public static bool IsForPeople(HttpContext http) =>
        http.Request.Headers.Accept.ToString().StartsWith("text/plain", StringComparison.OrdinalIgnoreCase);

    public static Task WriteJsonAsync<T>(HttpContext http, T value, JsonTypeInfo<T> type)
    {
        http.Response.Headers.CacheControl = "no-store";
        return http.Response.WriteAsJsonAsync(value, type, "application/json; charset=utf-8", http.RequestAborted);
    }

    public static Task WriteAsync(HttpContext http, bool isOk, string text) =>
        WriteAsync(http, isOk ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable, text);

    public static Task WriteAsync(HttpContext http, int status, string text)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = TextType;
        http.Response.Headers.CacheControl = "no-store";
        return http.Response.WriteAsync(text, http.RequestAborted);
    }
}
