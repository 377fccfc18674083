using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Net.Http.Headers;

using RedisProxy.Configuration;
using RedisProxy.DataPlane;

using static RedisProxy.Admin.AdminAnswers;

namespace RedisProxy.Admin;

/// <summary>The HTTP endpoints about the traffic itself. Keys are the application's data: only for whoever may give orders.</summary>
internal static class InsightEndpoints
{
    public static void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapRead("/slowlog", SlowlogAsync);
        endpoints.MapGet("/hotkeys", (RequestDelegate)HotKeysAsync);
    }

    private static async Task SlowlogAsync(HttpContext http)
    {
        Forwarder forwarder = http.RequestServices.GetRequiredService<Forwarder>();
        if (SlowlogQuery.Read(http.Request.Query, NamesOf(forwarder), out string error) is not { } query)
        {
            await WriteAsync(http, StatusCodes.Status400BadRequest, $"{error}\n");
            return;
        }

        bool showsKeys = OperatorIdentity.IsLocal(http) || http.Request.Headers.ContainsKey(HeaderNames.Authorization);
        if (showsKeys && await IsRefusedAsync(http))
        {
            return;
        }

        TimeProvider time = http.RequestServices.GetRequiredService<TimeProvider>();
        SlowlogOptions options = http.RequestServices.GetRequiredService<RunningOptions>().Current.Slowlog;
        if (await AskAsync(http, () => query.AskAsync(forwarder, options, time, showsKeys)) is { } answer)
        {
            await (IsForPeople(http)
                ? WriteAsync(http, isOk: true, SlowlogText.Of(answer, showsKeys))
                : WriteJsonAsync(http, answer, InsightJson.Default.SlowlogAnswer));
        }
    }

    private static async Task HotKeysAsync(HttpContext http)
    {
        Forwarder forwarder = http.RequestServices.GetRequiredService<Forwarder>();
        if (HotKeysQuery.Read(http.Request.Query, NamesOf(forwarder), out string error) is not { } query)
        {
            await WriteAsync(http, StatusCodes.Status400BadRequest, $"{error}\n");
            return;
        }

        if (await IsRefusedAsync(http))
        {
            return;
        }

        KeySampling sampling = http.RequestServices.GetRequiredService<KeySampling>();
        if (await AskAsync(http, () => sampling.RunAsync(query, http.RequestAborted)) is not { } answer)
        {
            return;
        }

        await (answer == HotKeysAnswer.Busy ? WriteAsync(http, StatusCodes.Status409Conflict, "keys are being sampled already\n")
            : IsForPeople(http) ? WriteAsync(http, isOk: true, HotKeysText.Of(answer))
            : WriteJsonAsync(http, answer, InsightJson.Default.HotKeysAnswer));
    }

    private static IEnumerable<string> NamesOf(Forwarder forwarder) => forwarder.Listeners.Select(static listener => listener.Options.Name);

    private static async Task<bool> IsRefusedAsync(HttpContext http)
    {
        if (await http.RequestServices.GetRequiredService<OperatorAccess>().RefuseAsync(http) is not { } refusal)
        {
            return false;
        }

        await WriteAsync(http, refusal.Status, $"{refusal.Text}\n");
        return true;
    }

    /// <returns>Null: a loop is hung, which has been said.</returns>
    private static async Task<T?> AskAsync<T>(HttpContext http, Func<Task<T>> ask)
        where T : class
    {
        try
        {
            return await ask();
        }
        catch (TimeoutException)
        {
            await WriteAsync(http, isOk: false, HungLoop);
            return null;
        }
    }
}
