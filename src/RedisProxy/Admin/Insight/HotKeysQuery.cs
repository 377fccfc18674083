using Microsoft.AspNetCore.Http;

using RedisProxy.Configuration;

namespace RedisProxy.Admin;

/// <summary>Which keys to sample and for how long, from the query of <c>/hotkeys</c>.</summary>
/// <param name="List">Of which listener, and how many.</param>
/// <param name="For">How long.</param>
internal sealed record HotKeysQuery(ListQuery List, TimeSpan For)
{
    private static readonly string[] Names = ["listener", "limit", "for"];
    private static readonly TimeSpan Default = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Min = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Max = TimeSpan.FromMinutes(1);

    /// <returns>Null when it is invalid; then <paramref name="error"/> is a sentence for the caller.</returns>
    public static HotKeysQuery? Read(IQueryCollection query, IEnumerable<string> listeners, out string error)
    {
        var list = ListQuery.Read(query, Names, listeners, (Default: 20, Max: 1000), out error);
        TimeSpan time = Default;
        if (error.Length == 0 && query["for"].ToString() is { Length: > 0 } text
            && (!DurationText.TryParse(text, out time) || time < Min || time > Max))
        {
            error = "for must be a duration from 100ms to 1m, such as 10s";
        }

        return error.Length > 0 ? null : new HotKeysQuery(list, time);
    }
}
