using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace RedisProxy.Tests.Documentation;

/// <summary>
/// docs/configuration.md, made of the doc comments of the option records: a summary that begins with a key in code describes that key, or
/// that section.
/// </summary>
internal static partial class ConfigurationReference
{
    private const string Prefix = "RedisProxy.Configuration.";

    /// <param name="documentation">The XML that the compiler writes beside RedisProxy.dll.</param>
    public static string Of(XDocument documentation)
    {
        var text = new StringBuilder(
            """
            # Configuration reference

            Made from the doc comments of the options, see `tests/RedisProxy.Tests/Documentation`. Durations are written as `"250ms"`,
            `"4s"`, `"2m"`, `"1h"`, sizes as `65536`, `"64KiB"`, `"10MiB"`. In the environment, `hold.timeout` is
            `REDISPROXY_hold__timeout`, and the first of a list `REDISPROXY_sentinel__endpoints__0`. Unknown keys are errors.

            """);
        foreach (XElement member in documentation.Descendants("member"))
        {
            string name = member.Attribute("name")!.Value;
            if (name[2..].StartsWith(Prefix, StringComparison.Ordinal) && member.Element("summary") is { } summary)
            {
                Append(text, name[0], name[(Prefix.Length + 2)..], TextOf(summary));
            }
        }

        return text.ToString();
    }

    private static void Append(StringBuilder text, char kind, string name, string summary)
    {
        Match described = Described().Match(summary);
        if (kind == 'T' && described.Success && (name.EndsWith("Options", StringComparison.Ordinal) || IsEnum(name)))
        {
            text.Append("\n## ").Append(described.Groups["keys"].Value).Append("\n\n").Append(Rest(described, summary)).Append('\n');
            text.Append(IsEnum(name) ? "\n| value | |\n|---|---|\n" : "\n| key | |\n|---|---|\n");
        }
        else if (kind == 'P' && described.Success && name.Contains("Options.", StringComparison.Ordinal)
            && !name.StartsWith("ProxyOptions", StringComparison.Ordinal))
        {
            AppendRow(text, described.Groups["keys"].Value, Rest(described, summary));
        }
        else if (kind == 'F' && IsEnum(name.Split('.')[0]))
        {
            AppendRow(text, $"`{name.Split('.')[1].ToLowerInvariant()}`", summary);
        }
    }

    // Enums of other parts have no key in their summary and no "Action" or "Code" in their name.
    private static bool IsEnum(string name) =>
        name.EndsWith("Action", StringComparison.Ordinal) || name.EndsWith("Code", StringComparison.Ordinal);

    private static void AppendRow(StringBuilder text, string keys, string what) =>
        text.Append("| ").Append(keys).Append(" | ").Append(what.Replace("|", "\\|", StringComparison.Ordinal)).Append(" |\n");

    private static string Rest(Match described, string summary)
    {
        string rest = summary[described.Length..].Trim();
        return rest.Length == 0 ? "" : char.ToUpperInvariant(rest[0]) + rest[1..];
    }

    private static string TextOf(XElement summary) => Blanks().Replace(string.Concat(summary.Nodes().Select(TextOf)), " ").Trim();

    private static string TextOf(XNode node) => node switch
    {
        XText plain => plain.Value,
        XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
        XElement { Name.LocalName: "see" } see => $"`{CamelCase(see.Attribute("cref")!.Value)}`",
        XElement other => string.Concat(other.Nodes().Select(TextOf)),
        _ => "",
    };

    // P:RedisProxy.Configuration.ClientOptions.UserTimeout is client.userTimeout for who reads this.
    private static string CamelCase(string cref)
    {
        IEnumerable<string> parts = cref[2..].Split('.').Skip(2).Select(part => part.Replace("Options", "", StringComparison.Ordinal));
        return string.Join('.', parts.Where(part => part.Length > 0).Select(part => char.ToLowerInvariant(part[0]) + part[1..]));
    }

    [GeneratedRegex(@"^(?<keys>`[^`]+`( or the first line of `[^`]+`)?)[:.;]\s*")]
    private static partial Regex Described();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();
}
