using System.Globalization;

namespace RedisProxy.Load.Measures;

/// <summary>How many sessions a process may have, by its limit of open files.</summary>
internal static class OpenFiles
{
    // What RedisProxy keeps back for other things, and what any target needs for itself.
    private const int Others = 500;

    // To the client and to redis. A proxy that shares connections reserves as much.
    private const int OfSession = 2;

    /// <exception cref="InvalidOperationException">There are not enough of them. The message is for the user.</exception>
    public static void Require(int sessions)
    {
        if (!Allow(sessions, Limit))
        {
            throw new InvalidOperationException(
                $"{sessions} sessions need {Needed(sessions)} open files in a process, and the limit is {Limit} (ulimit -Hn).");
        }
    }

    /// <param name="sessions">Of one target.</param>
    /// <param name="limit">Null: there is none.</param>
    public static bool Allow(int sessions, long? limit) => limit is null || limit >= Needed(sessions);

    /// <summary>
    /// Of this process, once the runtime has raised the soft limit to the hard one, as it does at its start; children inherit it.
    /// </summary>
    public static long? Limit
    {
        get
        {
            const string Name = "Max open files";
            string? line = File.ReadLines("/proc/self/limits").FirstOrDefault(l => l.StartsWith(Name, StringComparison.Ordinal));
            string? soft = line?[Name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0];
            return long.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out long limit) ? limit : null;
        }
    }

    private static int Needed(int sessions) => (OfSession * sessions) + Others;
}
