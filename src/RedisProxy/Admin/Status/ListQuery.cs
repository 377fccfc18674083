using System.Globalization;

using Microsoft.AspNetCore.Http;

namespace RedisProxy.Admin;

/// <summary>What the queries of lists have in common.</summary>
/// <param name="Listener">Its name; null: all.</param>
/// <param name="Limit">The maximum number listed.</param>
internal sealed record ListQuery(string? Listener, int Limit)
{
    /// <param name="query">Of the request.</param>
    /// <param name="known">All parameters that it may have.</param>
    /// <param name="listeners">The names of all listeners.</param>
    /// <param name="limits">The default, and the most that may be asked for.</param>
    /// <param name="error">A sentence for the caller; empty if nothing is wrong.</param>
    public static ListQuery Read(
        IQueryCollection query, string[] known, IEnumerable<string> listeners, (int Default, int Max) limits, out string error)
    {
        string? listener = query.ContainsKey("listener") ? query["listener"].ToString() : null;
        int limit = limits.Default;
        bool isLimit = !query.ContainsKey("limit") || (int.TryParse(
            query["limit"].ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out limit) && limit >= 1 && limit <= limits.Max);
        error = query.Keys.FirstOrDefault(key => !known.Contains(key)) is { } unknown
                ? $"there is no parameter '{unknown}'; known parameters: {string.Join(", ", known)}"
            : !isLimit ? $"limit must be a number from 1 to {limits.Max}"
            : listener is not null && !listeners.Contains(listener)
                ? $"there is no listener '{listener}'; known listeners: {string.Join(", ", listeners)}"
            : "";
        return new ListQuery(listener, limit);
    }
}
