using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace RedisProxy.Admin;

/// <summary>What the queries of verbs have in common.</summary>
internal static class VerbQuery
{
    private const string Listener = "listener";

    /// <summary>
    /// A misspelt parameter must not turn a dry run, or an order with a condition, into one without; nor must one whose value got lost,
    /// in a script with a variable that is not set, turn an order for one listener into one for all.
    /// </summary>
    /// <returns>Null: all parameters are known, and each has one value.</returns>
    public static VerbAnswer? Refuse(HttpContext http, IReadOnlyList<string> known)
    {
        IQueryCollection query = http.Request.Query;
        return query.Keys.FirstOrDefault(
                key => key != Listener && !known.Contains(key, StringComparer.OrdinalIgnoreCase)) is { } unknown
            ? VerbAnswer.Bad($"there is no parameter '{unknown}'; known parameters: {string.Join(", ", known.Append(Listener))}")
            : query.Keys.FirstOrDefault(key => query[key] is not [{ Length: > 0 }]) is { } unclear
            ? VerbAnswer.Bad($"{unclear} must have one value, or be left out")
            : null;
    }

    /// <returns>Null if it is neither true nor false, also if it is given without a value; false if it is not given.</returns>
    public static bool? FlagOf(HttpContext http, string name) =>
        !http.Request.Query.TryGetValue(name, out StringValues value) ? false
        : value == "true" ? true
        : value == "false" ? false
        : null;

    /// <summary>The answer to a flag that is neither.</summary>
    public static VerbAnswer BadFlag(string name) => VerbAnswer.Bad($"{name} must be true or false");
}
