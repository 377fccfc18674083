using System.Globalization;
using System.Text.RegularExpressions;

namespace RedisProxy.ProcessTests.Fuzz;

/// <summary>
/// Compares what was written and published with what the reference wrote, and with what the client was told. Every key is written by
/// one request only, and says so.
/// </summary>
internal static partial class DataJudge
{
    /// <summary>What somebody pushed is popped once, or still there.</summary>
    public static string JudgeElements(IEnumerable<string> replies, List<string> written)
    {
        var seen = new HashSet<string>();
        foreach (string text in replies.Concat(written.Where(static entry => entry.Split(' ')[1] == "q1")))
        {
            foreach (Match element in Element().Matches(text))
            {
                if (!seen.Add(element.Value))
                {
                    return $"{element.Value} was given twice, or given and kept";
                }
            }
        }

        return "";
    }

    public static string Judge(
        IReadOnlyList<FuzzRequest> requests, ReferenceRun reference, Reading reading, List<string> written, List<string> published)
    {
        Dictionary<string, string> expected = ByKey(reference.Written);
        Dictionary<string, string> actual = ByKey(written);
        foreach ((string key, string entry) in actual)
        {
            if (!expected.TryGetValue(key, out string? meant))
            {
                if (reading.IsLax)
                {
                    continue;
                }

                return $"{entry}: the reference has not written that key";
            }

            if (meant != entry && !reading.IsLax)
            {
                return $"'{entry}' (database, key, value) was written, and '{meant}' was meant";
            }
        }

        Fate[] fates = OfTransactions(requests, reference, reading.Fates);
        for (int i = 0; i < requests.Count; i++)
        {
            if (requests[i].Token is not { } token)
            {
                continue;
            }

            bool isMeant = reference.Written.Any(entry => IsOf(entry, token));
            bool isThere = written.Any(entry => IsOf(entry, token));
            int meantMessages = reference.Published.Count(message => message == token);
            int messages = published.Count(message => message == token);
            string what = string.Create(CultureInfo.InvariantCulture, $"request {i} ({requests[i].Words})");
            if (messages > meantMessages)
            {
                return $"{what} was executed {messages} times";
            }

            if (fates[i] == Fate.NotExecuted && (isThere || messages > 0))
            {
                return $"{what} was executed, and the client was told that it was not";
            }

            if (fates[i] == Fate.Executed && ((isMeant && !isThere) || messages < meantMessages))
            {
                return $"{what} was acknowledged, and was not executed";
            }
        }

        return "";
    }

    private static bool IsOf(string entry, string token) =>
        entry.Split(' ') is [_, var key, ..] && key.EndsWith(token, StringComparison.Ordinal);

    private static Dictionary<string, string> ByKey(List<string> written) => written
        .Where(static entry => entry.Split(' ')[1][0] != 'q')
        .GroupBy(static entry => entry.Split(' ')[1])
        .ToDictionary(static group => group.Key, static group => string.Join("; ", group));

    /// <summary>What is queued is executed with its EXEC.</summary>
    private static Fate[] OfTransactions(IReadOnlyList<FuzzRequest> requests, ReferenceRun reference, Fate[] fates)
    {
        Fate[] result = [.. fates];
        Fate ofExec = Fate.Unsaid;
        for (int i = requests.Count - 1; i >= 0; i--)
        {
            if (requests[i].Is(RequestNature.Exec))
            {
                ofExec = fates[i];
            }
            else if (reference.Replies[i] is ["+QUEUED\r\n"])
            {
                result[i] = fates[i] == Fate.Executed || ofExec != Fate.Executed ? ofExec : Fate.Unsaid;
            }
        }

        return result;
    }

    [GeneratedRegex(@"\belem\d+\b")]
    private static partial Regex Element();
}
