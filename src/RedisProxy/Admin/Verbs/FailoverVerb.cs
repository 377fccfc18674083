using System.Text;

using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

using RedisProxy.Configuration;
using RedisProxy.DataPlane;
using RedisProxy.Failover;
using RedisProxy.Topology;

namespace RedisProxy.Admin;

/// <summary>
/// <c>POST /failover?master=NAME&amp;force=true&amp;ifMaster=ADDRESS&amp;wait=60s</c>: 200 when done, or when that server is not the
/// master; 409 when there are objections, 500 when aborted. The body lists the steps with their times, or the reason.
/// </summary>
internal static class FailoverVerb
{
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(60);

    public static async Task<VerbAnswer> RunAsync(HttpContext http, IReadOnlyList<DataPlaneListener> listeners)
    {
        string[] known = [.. listeners.Select(listener => listener.Source.Current.MasterName).Distinct()];
        string name = http.Request.Query["master"].ToString();
        if (name.Length == 0 && known.Length == 1)
        {
            name = known[0];
        }

        if (!known.Contains(name))
        {
            return VerbAnswer.Bad($"there is no master '{name}'; known masters: {string.Join(", ", known)}");
        }

        string force = http.Request.Query["force"].ToString();
        if (force is not ("" or "true" or "false"))
        {
            return VerbAnswer.Bad("force must be true or false");
        }

        TimeSpan wait = TimeSpan.Zero;
        if (http.Request.Query["wait"].ToString() is { Length: > 0 } text && (!DurationText.TryParse(text, out wait) || wait > MaxWait))
        {
            return VerbAnswer.Bad($"wait must be a duration of at most {MaxWait.TotalSeconds:0}s");
        }

        string? server = http.Request.Query["ifMaster"];
        if (server is not null && !ServerName.TryParse(server, out _))
        {
            return VerbAnswer.Bad("ifMaster must be a host, or host:port");
        }

        ITopologySource source = listeners.First(listener => listener.Source.Current.MasterName == name).Source;
        FailoverResult result = await http.RequestServices.GetRequiredService<PatientFailover>().RunAsync(
            source, new FailoverDemand(name, force == "true", wait, server), http.RequestAborted);
        return new VerbAnswer(StatusOf(result.End), Describe(result, name));
    }

    private static int StatusOf(FailoverEnd end) => end switch
    {
        FailoverEnd.Done or FailoverEnd.NotTheMaster => StatusCodes.Status200OK,
        FailoverEnd.Refused => StatusCodes.Status409Conflict,
        _ => StatusCodes.Status500InternalServerError,
    };

    private static string Describe(FailoverResult result, string master)
    {
        var text = new StringBuilder(result.End switch
        {
            FailoverEnd.Done => $"'{master}' has a new master",
            FailoverEnd.Refused => "nothing was done",
            FailoverEnd.NotTheMaster => $"nothing to do: {result.Problem}",
            _ => $"aborted: {result.Problem}",
        });
        foreach (string line in result.Objections.Select(objection => $"objection: {objection}").Concat(result.Steps))
        {
            text.Append('\n').Append(line);
        }

        return text.ToString();
    }
}
