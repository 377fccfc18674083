using System.Globalization;

using Microsoft.AspNetCore.Http;

namespace RedisProxy.Admin;

/// <summary>What the queries about the traffic have in common.</summary>
internal static class InsightQuery
{
    public const int DefaultLimit = 20;
    public const int MaxLimit = 1000;

    /// <returns>A sentence for the caller if something is wrong; empty if not.</returns>
    public static string Read(
        IQueryCollection query, string[] known, IEnumerable<string> listeners, out string? listener, out int limit)
    {
        listener = query.ContainsKey("listener") ? query["listener"].ToString() : null;
        string? wanted = listener;
        limit = DefaultLimit;
        return query.Keys.FirstOrDefault(key => !known.Contains(key)) is { } unknown
                ? $"there is no parameter '{unknown}'; known parameters: {string.Join(", ", known)}"
            : query.ContainsKey("limit") && !IsLimit(query["limit"].ToString(), out limit)
                ? $"limit must be a number from 1 to {MaxLimit}"
            : wanted is not null && !listeners.Contains(wanted)
                ? $"there is no listener '{wanted}'; known listeners: {string.Join(", ", listeners)}"
            : "";
    }

    private static bool IsLimit(string text, out int limit) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit) && limit is >= 1 and <= MaxLimit;
}
