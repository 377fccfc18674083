namespace RedisProxy.Configuration;

/// <summary>Finds the name that was probably meant, for "did you mean".</summary>
internal static class Spelling
{
    /// <summary>The nearest known name, the first of several; null when none is near enough to suggest.</summary>
    public static string? Nearest(string given, IEnumerable<string> known)
    {
        string? nearest = null;
        int smallest = Math.Max(1, given.Length / 3) + 1;
        foreach (string name in known)
        {
            int distance = Distance(given.ToUpperInvariant(), name.ToUpperInvariant());
            if (distance < smallest)
            {
                nearest = name;
                smallest = distance;
            }
        }

        return nearest;
    }

    /// <summary>The number of letters inserted, left out, replaced, or swapped with their neighbour (optimal string alignment).</summary>
    private static int Distance(string a, string b)
    {
        var table = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++)
        {
            for (int j = 0; j <= b.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    table[i, j] = i + j;
                    continue;
                }

                int replaced = table[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                table[i, j] = Math.Min(replaced, 1 + Math.Min(table[i - 1, j], table[i, j - 1]));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    table[i, j] = Math.Min(table[i, j], table[i - 2, j - 2] + 1);
                }
            }
        }

        return table[a.Length, b.Length];
    }
}
