using System.CommandLine;

using RedisProxy.Configuration;

namespace RedisProxy.CommandLine;

/// <summary>
/// Describes arguments that were not understood. Not the library's own text: it ends with the whole help, which hides the error, and
/// it repeats every stray word, which may be a password given to an option that does not exist.
/// </summary>
internal static class UsageErrors
{
    public static IEnumerable<string> Describe(ParseResult arguments, Command root)
    {
        string[] strays = [.. arguments.UnmatchedTokens];
        string[] options = [.. strays.Where(t => t.StartsWith('-'))];
        foreach (string option in options)
        {
            string name = option.Split('=', ':')[0];
            yield return $"{name} is not an option{Hint(name, root.Options.Select(o => o.Name))}";
        }

        foreach (string word in options.Length == 0 ? strays : [])
        {
            yield return word.EndsWith(".json", StringComparison.OrdinalIgnoreCase)
                ? $"{QuotedValue.Of(word)} is not a command; did you mean --config {word}?"
                : $"{QuotedValue.Of(word)} is not a command{Hint(word, root.Subcommands.Select(c => c.Name))}";
        }

        foreach (string message in strays.Length == 0 ? arguments.Errors.Select(e => e.Message) : [])
        {
            yield return message.TrimEnd('.');
        }
    }

    private static string Hint(string word, IEnumerable<string> known) =>
        Spelling.Nearest(word, known) is { } nearest ? $"; did you mean {nearest}?" : "";
}
