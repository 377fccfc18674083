using Microsoft.AspNetCore.Http;

using RedisProxy.Configuration;

namespace RedisProxy.Admin;

/// <summary>Which keys to sample and for how long, from the query of <c>/hotkeys</c>.</summary>
internal sealed record HotKeysQuery
{
    private static readonly string[] Names = ["listener", "limit", "for"];
    private static readonly TimeSpan Default = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Min = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Max = TimeSpan.FromMinutes(1);

    /// <summary>Its name; null: all.</summary>
    public string? Listener { get; init; }

    /// <summary>The maximum number listed.</summary>
    public int Limit { get; init; } = InsightQuery.DefaultLimit;

    public TimeSpan For { get; init; } = Default;

    /// <returns>Null when it is invalid; then <paramref name="error"/> is a sentence for the caller.</returns>
    public static HotKeysQuery? Read(IQueryCollection query, IEnumerable<string> listeners, out string error)
    {
        error = InsightQuery.Read(query, Names, listeners, out string? listener, out int limit);
        TimeSpan time = Default;
        if (error.Length == 0 && query["for"].ToString() is { Length: > 0 } text
            && (!DurationText.TryParse(text, out time) || time < Min || time > Max))
        {
            error = "for must be a duration from 100ms to 1m, such as 10s";
        }

        return error.Length > 0 ? null : new HotKeysQuery { Listener = listener, Limit = limit, For = time };
    }
}
