namespace RedisProxy.SentinelFacade;

/// <summary>
/// Redis's patterns (util.c, stringmatchlen): <c>*</c>, <c>?</c>, <c>[a-c]</c>, <c>[^a]</c>, and a backslash that quotes the next
/// character. Steps are bounded by the product of both lengths: only the last star is ever retried.
/// </summary>
internal static class GlobPattern
{
    public static bool IsMatch(string pattern, string text)
    {
        int p = 0;
        int t = 0;
        int afterStar = -1;
        int starredText = 0;
        while (t < text.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                afterStar = ++p;
                starredText = t;
            }
            else if (p < pattern.Length && MatchesOne(pattern, p, text[t], out int next))
            {
                p = next;
                t++;
            }
            else if (afterStar >= 0)
            {
                p = afterStar;
                t = ++starredText;
            }
            else
            {
                return false;
            }
        }

        return pattern.AsSpan(p).TrimStart('*').IsEmpty;
    }

    private static bool MatchesOne(string pattern, int at, char letter, out int next)
    {
        next = at + 1;
        switch (pattern[at])
        {
            case '?':
                return true;
            case '[':
                return MatchesClass(pattern, at + 1, letter, out next);
            case '\\' when at + 1 < pattern.Length:
                next = at + 2;
                return pattern[at + 1] == letter;
            default:
                return pattern[at] == letter;
        }
    }

    // A class that is not closed ends with the pattern, as in redis.
    private static bool MatchesClass(string pattern, int at, char letter, out int next)
    {
        bool isNegated = at < pattern.Length && pattern[at] == '^';
        int i = isNegated ? at + 1 : at;
        bool isIn = false;
        while (i < pattern.Length && pattern[i] != ']')
        {
            if (pattern[i] == '\\' && i + 1 < pattern.Length)
            {
                isIn |= pattern[i + 1] == letter;
                i += 2;
            }
            else if (i + 2 < pattern.Length && pattern[i + 1] == '-')
            {
                (char low, char high) = pattern[i] <= pattern[i + 2] ? (pattern[i], pattern[i + 2]) : (pattern[i + 2], pattern[i]);
                isIn |= letter >= low && letter <= high;
                i += 3;
            }
            else
            {
                isIn |= pattern[i] == letter;
                i++;
            }
        }

        next = Math.Min(i + 1, pattern.Length);
        return isIn != isNegated;
    }
}
