using System.Net;

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

using RedisProxy.Configuration;

namespace RedisProxy.Admin;

/// <summary>
/// Against DNS rebinding: a page of another site whose name suddenly resolves to this address would have the same origin for a browser,
/// and could read everything here. It cannot hide its name, though, which is in the Host header. Accepted are names that nobody can
/// register (addresses, names without a dot, reserved endings), that of <c>admin.bind</c>, and those of <c>admin.allowedHosts</c>.
/// </summary>
internal sealed class HostCheck(AdminOptions options)
{
    // RFC 6761 (localhost), Kubernetes' services, and what ICANN reserves for private use.
    private static readonly string[] ReservedEndings = [".localhost", ".svc", ".cluster.local", ".internal"];

    /// <summary>Health stays open to all: it reveals little, and health checks may use any name for this host.</summary>
    public static void Use(WebApplication app, AdminOptions options)
    {
        var check = new HostCheck(options);
        app.Use((http, next) => http.Request.Path.StartsWithSegments("/healthz") || check.Allows(http.Request.Host.Host)
            ? next(http)
            : RefuseAsync(http));
    }

    /// <param name="host">Without the port; empty when the client sent none, which no browser does.</param>
    public bool Allows(string host)
    {
        string name = host.TrimEnd('.');
        return !name.Contains('.', StringComparison.Ordinal)
            || IPAddress.TryParse(name, out _)
            || Array.Exists(ReservedEndings, ending => name.EndsWith(ending, StringComparison.OrdinalIgnoreCase))
            || IsSame(name, options.Bind?.Tcp?.Host)
            || IsSame(name, options.MetricsBind?.Tcp?.Host)
            || options.AllowedHosts.Any(allowed => allowed == "*" || IsSame(name, allowed));
    }

    private static bool IsSame(string name, string? other) => string.Equals(name, other, StringComparison.OrdinalIgnoreCase);

    private static Task RefuseAsync(HttpContext http)
    {
        http.RequestServices.GetRequiredService<OperatorAccess>().Report(http, AdminRefusal.UnknownHost);
        http.Response.StatusCode = StatusCodes.Status403Forbidden;
        http.Response.ContentType = "text/plain; charset=utf-8";
        return http.Response.WriteAsync(
            "the proxy is not known by this name: use its address, or add the name to admin.allowedHosts\n", http.RequestAborted);
    }
}
