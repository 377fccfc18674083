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
/// master; 409 when there are objections, 500 when aborted. The body lists the steps with their times, or the reason. With
/// <c>dryRun=true</c> instead of <c>wait</c> the checks and their results, with the status that the order would begin with.
/// </summary>
internal static class FailoverVerb
{
    public static readonly string[] Parameters = ["master", "force", "ifMaster", "wait", DryRun.Parameter];

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

        if (VerbQuery.FlagOf(http, "force") is not { } isForced)
        {
            return VerbQuery.BadFlag("force");
        }

        if (VerbQuery.FlagOf(http, DryRun.Parameter) is not { } isDryRun)
        {
            return VerbQuery.BadFlag(DryRun.Parameter);
        }

        TimeSpan wait = TimeSpan.Zero;
        if (http.Request.Query["wait"].ToString() is { Length: > 0 } text && (!DurationText.TryParse(text, out wait) || wait > MaxWait))
        {
            return VerbAnswer.Bad($"wait must be a duration of at most {MaxWait.TotalSeconds:0}s");
        }

        if (isDryRun && wait > TimeSpan.Zero)
        {
            return VerbAnswer.Bad("dryRun and wait contradict each other: a dry run does not wait for a better moment");
        }

        string? server = http.Request.Query["ifMaster"];
        if (server is not null && !ServerName.TryParse(server, out _))
        {
            return VerbAnswer.Bad("ifMaster must be a host, or host:port");
        }

        ITopologySource source = listeners.First(listener => listener.Source.Current.MasterName == name).Source;
        FailoverResult result = await http.RequestServices.GetRequiredService<PatientFailover>().RunAsync(
            source, new FailoverDemand(name, isForced, wait, server) { IsDryRun = isDryRun }, http.RequestAborted);
        var answer = new VerbAnswer(StatusOf(result.End), isDryRun ? DescribeDryRun(result, name) : Describe(result, name));
        return isDryRun && result.End != FailoverEnd.NotTheMaster
            ? await DryRun.AnswerAsync(http, HeldOf(http, name), answer)
            : answer;
    }

    // All of them, whichever listener was named.
    private static DataPlaneListener[] HeldOf(HttpContext http, string master) =>
        [.. http.RequestServices.GetRequiredService<Forwarder>().Listeners.Where(listener => listener.IsOfMaster(master))];

    private static int StatusOf(FailoverEnd end) => end switch
    {
        FailoverEnd.Done or FailoverEnd.NotTheMaster or FailoverEnd.WouldGo => StatusCodes.Status200OK,
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

    private static string DescribeDryRun(FailoverResult result, string master)
    {
        string head = result.End switch
        {
            FailoverEnd.NotTheMaster => $"nothing to do: {result.Problem}",
            FailoverEnd.Refused => $"a failover of '{master}' would be refused {DryRun.Mark}",
            _ when result.Objections.Count > 0 => $"'{master}' would get a new master despite the objections {DryRun.Mark}",
            _ => $"'{master}' would get a new master {DryRun.Mark}",
        };
        IEnumerable<string> checks = result.Checks.Count > 0
            ? TextTable.LinesOf([.. FailoverCheck.All.SelectMany(what => RowsOf(what, result.Checks))])
            : result.Objections.Select(static objection => $"objection: {objection}");
        string[] next = result.Candidates switch
        {
            [] => [],
            [var only] => [$"the next master would be {only}"],
            var some =>
                [$"the next master would be one of {string.Join(", ", some)}: of the same priority, so Sentinel goes by their data"],
        };
        return string.Join('\n', [head, .. checks.Select(static line => $"  {line}"), .. next]);
    }

    private static IEnumerable<string[]> RowsOf(string what, IReadOnlyList<FailoverCheck> made) =>
        made.FirstOrDefault(check => check.What == what) is not { } check ? [["not made", what]]
        : [
            .. check.Objections.Count == 0 ? [["ok", what]] : check.Objections.Select(objection => new[] { "objection", objection }),
            .. check.Remarks.Select(remark => new[] { "note", remark }),
        ];
}
