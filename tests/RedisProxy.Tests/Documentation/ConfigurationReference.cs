using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;

using RedisProxy.Configuration;

namespace RedisProxy.Tests.Documentation;

/// <summary>
/// docs/configuration.md, made of the doc comments of the option records: a summary that begins with a key in code describes that key, or
/// that section. Defaults and accepted values are those of the keys' declarations.
/// </summary>
internal static partial class ConfigurationReference
{
    private const string Prefix = "RedisProxy.Configuration.";

    /// <param name="documentation">The XML that the compiler writes beside RedisProxy.dll.</param>
    public static string Of(XDocument documentation)
    {
        string section = "";
        var text = new StringBuilder(
            """
            # Configuration reference

            Made from the doc comments of the options and the declarations of the keys, see `tests/RedisProxy.Tests/Documentation`.
            Durations are written as `"250ms"`, `"4s"`, `"2m"`, `"1h"`, sizes as `65536`, `"64KiB"`, `"10MiB"`. In the environment,
            `hold.timeout` is `REDISPROXY_hold__timeout`, and the first of a list `REDISPROXY_sentinel__endpoints__0`. Unknown keys are
            errors, and other variables that begin with `REDISPROXY_` are warned about. The same as a JSON schema: `RedisProxy schema`,
            or [proxy.schema.json](proxy.schema.json). With `"$schema": "proxy.schema.json"` in the file an editor completes its keys.

            """);
        foreach (XElement member in documentation.Descendants("member"))
        {
            string name = member.Attribute("name")!.Value;
            if (name[2..].StartsWith(Prefix, StringComparison.Ordinal) && member.Element("summary") is { } summary)
            {
                Append(text, name[0], name[(Prefix.Length + 2)..], TextOf(summary), ref section);
            }
        }

        return text.ToString();
    }

    /// <summary>The sections that one heading is about, as in <c>backend.tls and sentinel.tls</c>.</summary>
    public static string[] SectionsOf(string heading) => heading == "keepAlive"
        ? ["client.keepAlive", "backend.keepAlive"]
        : heading.Replace(" with role replica", "", StringComparison.Ordinal).Split(" and ");

    private static void Append(StringBuilder text, char kind, string name, string summary, ref string section)
    {
        Match described = Described().Match(summary);
        if (kind == 'T' && described.Success && (name.EndsWith("Options", StringComparison.Ordinal) || IsEnum(name)))
        {
            section = described.Groups["keys"].Value.Trim('`');
            text.Append("\n## ").Append(described.Groups["keys"].Value).Append("\n\n").Append(Rest(described, summary)).Append('\n');
            text.Append(IsEnum(name) ? "\n| value | |\n|---|---|\n" : "\n| key | default | values | |\n|---|---|---|---|\n");
        }
        else if (kind == 'P' && described.Success && name.Contains("Options.", StringComparison.Ordinal)
            && !name.StartsWith("ProxyOptions", StringComparison.Ordinal))
        {
            string[] keys = described.Groups["keys"].Value.Split('`');
            DeclaredKey? key = DeclaredKeys.Find($"{SectionsOf(section)[0]}.{keys[1].Replace("[]", "", StringComparison.Ordinal)}");
            string restart = key?.NeedsRestart == true ? " A change needs a restart." : "";
            AppendRow(text, $"{string.Join('`', keys)} | {DefaultOf(key)} | {ValuesOf(key)}", $"{Rest(described, summary)}{restart}");
        }
        else if (kind == 'F' && IsEnum(name.Split('.')[0]))
        {
            AppendRow(text, $"`{name.Split('.')[1].ToLowerInvariant()}`", summary);
        }
    }

    private static string DefaultOf(DeclaredKey? key) => key switch
    {
        { IsRequired: true } => "required",
        { Default: { } text } => $"`{text}`",
        _ => "",
    };

    private static string ValuesOf(DeclaredKey? key) => key?.Range?.ToString()
        ?? string.Join(", ", (key?.Choices ?? []).Select(choice => $"`{choice}`"));

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

    // P:RedisProxy.Configuration.ClientOptions.UserTimeout is client.userTimeout for readers.
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
