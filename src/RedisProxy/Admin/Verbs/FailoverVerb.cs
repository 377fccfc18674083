using System.Text;

using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

using RedisProxy.DataPlane;
using RedisProxy.Failover;

namespace RedisProxy.Admin;

/// <summary>
/// <c>POST /failover?master=NAME&amp;force=true</c>: 200 when done, 409 when there are objections, 500 when aborted. The body lists the
/// steps with their times, or the reason.
/// </summary>
internal static class FailoverVerb
{
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

        FailoverResult result = await http.RequestServices.GetRequiredService<LosslessFailover>().RunAsync(name, force == "true");
        return new VerbAnswer(StatusOf(result.End), Describe(result, name));
    }

    private static int StatusOf(FailoverEnd end) => end switch
    {
        FailoverEnd.Done => StatusCodes.Status200OK,
        FailoverEnd.Refused => StatusCodes.Status409Conflict,
        _ => StatusCodes.Status500InternalServerError,
    };

    private static string Describe(FailoverResult result, string master)
    {
        var text = new StringBuilder(result.End switch
        {
            FailoverEnd.Done => $"'{master}' has a new master",
            FailoverEnd.Refused => "nothing was done",
            _ => $"aborted: {result.Problem}",
        });
        foreach (string line in result.Objections.Select(objection => $"objection: {objection}").Concat(result.Steps))
        {
            text.Append('\n').Append(line);
        }

        return text.ToString();
    }
}
