using System.Security.Cryptography;
using System.Text;

using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

using RedisProxy.Configuration;
using RedisProxy.DataPlane;

namespace RedisProxy.Admin;

/// <summary>Why a request to the admin surface is refused.</summary>
internal enum AdminRefusal
{
    /// <summary>The token does not match <c>admin.token</c>.</summary>
    WrongToken,

    /// <summary>There was no token.</summary>
    NoToken,

    /// <summary>There is no <c>admin.token</c>.</summary>
    NotConfigured,

    /// <summary>The Host header has a name that the surface does not know, see <see cref="HostCheck"/>.</summary>
    UnknownHost,
}

/// <summary>
/// Authorises orders, and logs those given and refused. A wrong token is answered after <see cref="Delay"/>; meanwhile its
/// connection is the first to be closed for another one (<see cref="AdminConnections"/>), so waiting costs the proxy nothing.
/// </summary>
internal sealed class OperatorAccess(RunningOptions running, TimeProvider time, ILogger<OperatorAccess> log)
{
    /// <summary>Slows down guessing.</summary>
    public static readonly TimeSpan Delay = TimeSpan.FromSeconds(1);

    private const string Scheme = "Bearer";

    private readonly long[] _refusals = new long[Enum.GetValues<AdminRefusal>().Length];
    private readonly LineLimit[] _lines = [.. Enum.GetValues<AdminRefusal>().Select(_ => new LineLimit())];

    public long RefusalsFor(AdminRefusal reason) => Volatile.Read(ref _refusals[(int)reason]);

    /// <returns>Null when the caller is authorised.</returns>
    public async Task<VerbAnswer?> RefuseAsync(HttpContext http)
    {
        // Access to the socket's file implies all of this: it belongs to the proxy's user.
        if (OperatorIdentity.IsLocal(http))
        {
            return null;
        }

        if (running.Current.Admin.Token is not { } token)
        {
            Report(http, AdminRefusal.NotConfigured);
            return new VerbAnswer(StatusCodes.Status403Forbidden, "operator requests are disabled: admin.token is not configured");
        }

        string? shown = ShownToken(http.Request.Headers.Authorization.ToString());
        if (shown is not null && IsSame(shown, token))
        {
            return null;
        }

        Report(http, shown is null ? AdminRefusal.NoToken : AdminRefusal.WrongToken);
        if (shown is not null)
        {
            await WaitAsync(http);
        }

        http.Response.Headers.WWWAuthenticate = Scheme;
        return new VerbAnswer(
            StatusCodes.Status401Unauthorized, "send the token of admin.token: Authorization: Bearer …");
    }

    /// <summary>Counts it, and logs the first of several.</summary>
    public void Report(HttpContext http, AdminRefusal reason)
    {
        Interlocked.Increment(ref _refusals[(int)reason]);
        if (_lines[(int)reason].MayWrite(out int others))
        {
            OperatorLog.Refused(log, OperatorIdentity.Of(http), Order(http), Labels.Of(reason), others);
        }
    }

    /// <summary>Executes an authorised order, and logs who gave it and its result.</summary>
    public async Task<VerbAnswer> CarryOutAsync(HttpContext http, Func<Task<VerbAnswer>> act)
    {
        string who = OperatorIdentity.Of(http);
        string order = Order(http);
        OperatorLog.Ordered(log, who, order);
        if (http.Features.Get<AdminConnection>() is { } connection)
        {
            connection.Use = AdminUse.Order;
        }

        VerbAnswer answer = await act();
        OperatorLog.Answered(log, who, order, answer.Status, answer.Text.Split('\n')[0]);
        return answer;
    }

    // The caller may leave before the delay is over.
    private async Task WaitAsync(HttpContext http)
    {
        if (http.Features.Get<AdminConnection>() is { } connection)
        {
            connection.Use = AdminUse.None;
        }

        try
        {
            await Task.Delay(Delay, time, http.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            // It has disconnected.
        }
    }

    // RFC 9110, 11.4 and RFC 6750, 2.1: the scheme's case does not matter, and one blank or several follow.
    private static string? ShownToken(string authorization) =>
        authorization.IndexOf(' ', StringComparison.Ordinal) is > 0 and var blank
        && authorization.AsSpan(0, blank).Equals(Scheme, StringComparison.OrdinalIgnoreCase)
            ? authorization[blank..].TrimStart(' ')
            : null;

    // In constant time, and of equal length whatever was sent.
    private static bool IsSame(string shown, string token) => CryptographicOperations.FixedTimeEquals(
        SHA256.HashData(Encoding.UTF8.GetBytes(shown)), SHA256.HashData(Encoding.UTF8.GetBytes(token)));

    // Still encoded, so that it is one line whatever it contains.
    private static string Order(HttpContext http) =>
        $"{http.Request.Method} {http.Request.Path.ToUriComponent()}{http.Request.QueryString.ToUriComponent()}";
}
