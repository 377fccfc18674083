using System.Globalization;
using System.Text;

namespace RedisProxy.Configuration;

/// <summary>
/// A value as an error message shows it: in quotes, on one line, no longer than needed to recognise it. Secrets are never passed in, but a
/// whole URL may be pasted where an endpoint belongs, so anything before an <c>@</c> is hidden.
/// </summary>
internal static class QuotedValue
{
    private const int MaxLength = 80;

    public static string Of(string value)
    {
        int at = value.LastIndexOf('@');
        string shown = at <= 0 ? value : "***" + value[at..];
        bool isCut = shown.Length > MaxLength;

        var quoted = new StringBuilder("\"");
        foreach (char c in isCut ? shown.AsSpan(0, MaxLength) : shown)
        {
            if (char.IsControl(c) || char.IsSurrogate(c) && isCut)
            {
                quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            }
            else
            {
                quoted.Append(c);
            }
        }

        return quoted.Append(isCut ? "…\"" : "\"").ToString();
    }

    /// <summary><c>"a", "b" or "c"</c>.</summary>
    public static string AnyOf(IReadOnlyList<string> values) => Alternatives([.. values.Select(v => $"\"{v}\"")]);

    /// <summary><c>a, b or c</c>.</summary>
    public static string Alternatives(IReadOnlyList<string> words) => words.Count < 2
        ? string.Concat(words)
        : string.Join(", ", words.Take(words.Count - 1)) + " or " + words[^1];
}
