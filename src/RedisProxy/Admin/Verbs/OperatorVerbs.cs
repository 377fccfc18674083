using System.Globalization;

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

using RedisProxy.Configuration;
using RedisProxy.DataPlane;

namespace RedisProxy.Admin;

/// <summary>
/// The requests that change something. Each is a POST with the token of <c>admin.token</c> (RFC 6750: <c>Authorization: Bearer …</c>),
/// which no page of another site can make a browser send. Without a configured token nobody is authorised; over a unix socket everybody
/// is.
/// </summary>
internal static class OperatorVerbs
{
    private static readonly TimeSpan DefaultPause = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan MaxPause = TimeSpan.FromMinutes(10);

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapPost("/pause", http => ActAsync(http, PauseAsync, "for", DryRun.Parameter));
        endpoints.MapPost("/resume", http => ActAsync(http, ResumeAsync));
        endpoints.MapPost("/drain", http => ActAsync(http, DrainAsync));
        endpoints.MapPost("/reload", http => ActAsync(http, ReloadAsync));
        endpoints.MapPost("/sessions/{id}/kill", http => ActAsync(http, KillAsync));
        endpoints.MapPost("/failover", http => ActAsync(http, FailoverVerb.RunAsync, FailoverVerb.Parameters));
        endpoints.MapPost("/notify/test", http => ActAsync(http, NotifyVerb.RunAsync, "receiver"));
    }

    private static Task<VerbAnswer> PauseAsync(HttpContext http, IReadOnlyList<DataPlaneListener> listeners)
    {
        TimeSpan atMost = DefaultPause;
        if (http.Request.Query["for"].ToString() is { Length: > 0 } text
            && (!DurationText.TryParse(text, out atMost) || atMost <= TimeSpan.Zero || atMost > MaxPause))
        {
            return Task.FromResult(VerbAnswer.Bad($"for must be a duration of at most {MaxPause.TotalMinutes:0}m, such as 10s"));
        }

        string howLong = atMost.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);
        bool? isDryRun = VerbQuery.FlagOf(http, DryRun.Parameter);
        if (isDryRun != false)
        {
            string would = $"would be paused for at most {howLong} s: {NamesOf(listeners)} {DryRun.Mark}";
            return isDryRun is null
                ? Task.FromResult(VerbQuery.BadFlag(DryRun.Parameter))
                : DryRun.AnswerAsync(http, listeners, VerbAnswer.Good(would));
        }

        foreach (DataPlaneListener listener in listeners)
        {
            listener.Pause(atMost);
        }

        return Task.FromResult(VerbAnswer.Good($"paused for at most {howLong} s: {NamesOf(listeners)}"));
    }

    private static Task<VerbAnswer> ResumeAsync(HttpContext http, IReadOnlyList<DataPlaneListener> listeners)
    {
        DataPlaneListener[] paused = [.. listeners.Where(listener => listener.IsPaused)];
        foreach (DataPlaneListener listener in paused)
        {
            listener.Resume();
        }

        return Task.FromResult(VerbAnswer.Good(paused.Length > 0 ? $"resumed: {NamesOf(paused)}" : "nothing was paused"));
    }

    // Answered immediately; /status shows the progress.
    private static Task<VerbAnswer> DrainAsync(HttpContext http, IReadOnlyList<DataPlaneListener> listeners)
    {
        TimeSpan timeout = http.RequestServices.GetRequiredService<ProxyOptions>().Shutdown.DrainTimeout;
        DataPlaneListener[] open = [.. listeners.Where(listener => !listener.IsDraining)];
        foreach (DataPlaneListener listener in open)
        {
            _ = listener.DrainAsync(timeout);
        }

        long sessions = open.Sum(listener => listener.SessionCount);
        return Task.FromResult(VerbAnswer.Good(
            open.Length > 0 ? $"draining: {NamesOf(open)}, {sessions} session(s) left" : "every listener is draining already"));
    }

    private static async Task<VerbAnswer> ReloadAsync(HttpContext http, IReadOnlyList<DataPlaneListener> listeners)
    {
        ReloadReport report = await http.RequestServices.GetRequiredService<ConfigurationReload>().RunAsync();
        return report.IsTaken ? VerbAnswer.Good(report.ToString()) : VerbAnswer.Bad(report.ToString());
    }

    private static async Task<VerbAnswer> KillAsync(HttpContext http, IReadOnlyList<DataPlaneListener> listeners)
    {
        if (!long.TryParse(http.Request.RouteValues["id"] as string, NumberStyles.None, CultureInfo.InvariantCulture, out long id))
        {
            return VerbAnswer.Bad("a session's id is a number, see /sessions");
        }

        bool[] found = await Task.WhenAll(listeners.Select(listener => listener.KillAsync(id)));
        return found.Contains(true)
            ? VerbAnswer.Good($"killed session {id}")
            : new VerbAnswer(StatusCodes.Status404NotFound, $"there is no session {id}");
    }

    private static async Task ActAsync(
        HttpContext http, Func<HttpContext, IReadOnlyList<DataPlaneListener>, Task<VerbAnswer>> act, params string[] parameters)
    {
        OperatorAccess access = http.RequestServices.GetRequiredService<OperatorAccess>();
        VerbAnswer answer = await access.RefuseAsync(http)
            ?? VerbQuery.Refuse(http, parameters)
            ?? await access.CarryOutAsync(http, () => ActAsync(http, http.Request.Query["listener"].ToString(), act));
        http.Response.StatusCode = answer.Status;
        http.Response.ContentType = "text/plain; charset=utf-8";
        http.Response.Headers.CacheControl = "no-store";
        await http.Response.WriteAsync(answer.Text + "\n", http.RequestAborted);
    }

    private static async Task<VerbAnswer> ActAsync(
        HttpContext http, string name, Func<HttpContext, IReadOnlyList<DataPlaneListener>, Task<VerbAnswer>> act)
    {
        IReadOnlyList<DataPlaneListener> all = http.RequestServices.GetRequiredService<Forwarder>().Listeners;
        DataPlaneListener[] named = [.. all.Where(listener => name.Length == 0 || listener.Options.Name == name)];
        return named.Length > 0 ? await act(http, named) : VerbAnswer.Bad($"there is no listener '{name}'; listeners: {NamesOf(all)}");
    }

    private static string NamesOf(IEnumerable<DataPlaneListener> listeners) =>
        string.Join(", ", listeners.Select(listener => listener.Options.Name));
}
