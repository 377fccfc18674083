using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

using RedisProxy.Configuration;

namespace RedisProxy.Tests.Documentation;

/// <summary>
/// docs/proxy.schema.json, made of the declared keys and of what the reference says about them. In draft 7, which Helm and all editors
/// know. Nothing is required, because the environment and the command line may give the rest; and a range is checked where the value is a
/// number.
/// </summary>
internal static class ConfigurationSchema
{
    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <param name="reference">docs/configuration.md.</param>
    public static string Of(string reference)
    {
        JsonObject schema = Settings(reference);
        schema.Insert(0, "$schema", "http://json-schema.org/draft-07/schema#");
        schema.Insert(1, "title", "proxy.json, the configuration of RedisProxy");
        Properties(schema).Insert(0, "$schema", Describe(Text(ValueKind.Text, null), "For editors: this schema.", key: null));
        return TextOf(schema);
    }

    /// <summary>The schema of a Helm chart's values, in which <c>settings</c> is a configuration, or a listener's part of one.</summary>
    public static string WithSettings(string valuesSchema, string reference)
    {
        JsonObject schema = JsonNode.Parse(valuesSchema)!.AsObject();
        JsonObject settings = Settings(reference);
        Properties(Properties(schema)["extraListeners"]!["items"]!.AsObject())["settings"] = Child(settings, "listeners[]").DeepClone();
        Properties(schema)["settings"] = settings;
        return TextOf(schema);
    }

    private static string TextOf(JsonObject schema) => schema.ToJsonString(Indented) + "\n";

    private static JsonObject Settings(string reference)
    {
        ReferenceRow[] rows = [.. ReferenceRow.In(reference)];
        JsonObject root = Object();
        foreach (DeclaredKey key in DeclaredKeys.All.Where(key => key.Shape.Form != KeyForm.Section))
        {
            string[] parts = key.Path.Split('.');
            JsonObject parent = parts[..^1].Aggregate(root, Child);
            string name = parts[^1];
            ReferenceRow? row = rows.FirstOrDefault(row => row.Describes(key.Path));
            JsonObject property = Describe(Of(key), row?.Text, key);
            Properties(parent)[name] = property;
            if (key.Shape.Form == KeyForm.Secret)
            {
                var file = new JsonObject { ["type"] = "string", ["pattern"] = "." };
                Properties(parent)[$"{name}File"] = Describe(file, $"The path of a file whose first line is `{name}`.", key: null);
            }
        }

        foreach (DeclaredKey section in DeclaredKeys.All.Where(key => key.Path.EndsWith(".tls", StringComparison.Ordinal)))
        {
            JsonObject tls = section.Path.Split('.').Aggregate(root, Child);
            JsonObject enabled = Of(ValueKind.Flag, pattern: null, ["true", "false"], range: null);
            Properties(tls).Insert(0, "enabled", Describe(enabled, "`false`: as if the section were missing.", key: null));
        }

        JsonObject listener = Child(root, "listeners[]");
        Properties(listener)["backendUser"] = Child(listener, "users[]").DeepClone();
        return root;
    }

    private static JsonObject Describe(JsonObject property, string? text, DeclaredKey? key)
    {
        string[] sentences =
        [
            text ?? "",
            key?.Range is { } range ? $"{range}." : "",
            key is { IsRequired: true } ? "Required." : "",
        ];
        property.Insert(0, "description", string.Join(' ', sentences.Where(sentence => sentence.Length > 0)));
        if (key?.Default is { } value && key.Shape.Form == KeyForm.Value)
        {
            property["default"] = key.Shape.Kind switch
            {
                ValueKind.Flag => bool.Parse(value),
                ValueKind.Number => int.Parse(value, CultureInfo.InvariantCulture),
                _ => value,
            };
        }

        return property;
    }

    private static JsonObject Of(DeclaredKey key)
    {
        KeyShape shape = key.Shape;
        JsonObject value = Of(shape.Kind, shape.Pattern, shape.Choices, key.Range);
        return shape.Form switch
        {
            KeyForm.List => new JsonObject { ["type"] = "array", ["items"] = value },
            KeyForm.Map => new JsonObject
            {
                ["type"] = "object",
                ["propertyNames"] = new JsonObject { ["pattern"] = shape.NamePattern },
                ["additionalProperties"] = value,
            },
            _ => value,
        };
    }

    private static JsonObject Of(ValueKind kind, string? pattern, IReadOnlyList<string> choices, ValueRange? range) => kind switch
    {
        ValueKind.Flag => AnyOf(
            new JsonObject { ["type"] = "boolean" }, new JsonObject { ["type"] = "string", ["pattern"] = AnyCase(choices, blanks: true) }),
        ValueKind.Number => AnyOf(
            new JsonObject
            {
                ["type"] = "integer",
                ["minimum"] = int.Parse(range!.Min, CultureInfo.InvariantCulture),
                ["maximum"] = int.Parse(range.Max, CultureInfo.InvariantCulture),
            },
            new JsonObject { ["type"] = "string", ["pattern"] = "^-?[0-9]+$" }),
        ValueKind.Duration => AnyOf(
            new JsonObject { ["type"] = "string", ["pattern"] = "^([0-9]+(ms|s|m|h)|0+)$" }, new JsonObject { ["const"] = 0 }),
        ValueKind.Size => AnyOf(
            new JsonObject { ["type"] = "string", ["pattern"] = "^[0-9]+(KiB|MiB|GiB)?$" },
            new JsonObject
            {
                ["type"] = "integer",
                ["minimum"] = range!.Special.Length > 0 ? 0 : BytesOf(range.Min),
                ["maximum"] = BytesOf(range.Max),
            }),
        _ when choices.Count > 0 => AnyOf(
            new JsonObject { ["enum"] = new JsonArray([.. choices.Select(choice => (JsonNode)choice)]) },
            new JsonObject { ["type"] = "string", ["pattern"] = AnyCase(choices, blanks: false) }),
        _ => Text(kind, pattern),
    };

    private static JsonObject Text(ValueKind kind, string? pattern)
    {
        JsonNode types = kind switch
        {
            ValueKind.String => "string",
            ValueKind.StringOrNumber => new JsonArray("string", "number"),
            _ => new JsonArray("string", "number", "boolean"),
        };
        var text = new JsonObject { ["type"] = types };
        if (pattern is not null)
        {
            text["pattern"] = pattern;
        }

        return text;
    }

    /// <summary>Neither JavaScript nor Go can be asked to ignore the case of a schema's pattern.</summary>
    private static string AnyCase(IReadOnlyList<string> words, bool blanks)
    {
        IEnumerable<string> spelt = words.Select(word => string.Concat(word.Select(letter => char.IsAsciiLetter(letter)
            ? $"[{char.ToUpperInvariant(letter)}{char.ToLowerInvariant(letter)}]"
            : $"{letter}")));
        string blank = blanks ? @"\s*" : "";
        return $"^{blank}({string.Join('|', spelt)}){blank}$";
    }

    private static long BytesOf(string size) =>
        SizeText.TryParse(size, out long bytes) ? bytes : throw new ArgumentException(size, nameof(size));

    private static JsonObject AnyOf(params JsonNode[] schemas) => new() { ["anyOf"] = new JsonArray(schemas) };

    private static JsonObject Object() => new()
    {
        ["type"] = "object",
        ["additionalProperties"] = false,
        ["properties"] = new JsonObject(),
    };

    private static JsonObject Properties(JsonObject schema) => schema["properties"]!.AsObject();

    /// <summary>The object at a key, which is made if it is not there yet; of a list's name, its members.</summary>
    private static JsonObject Child(JsonObject parent, string name)
    {
        bool isList = name.EndsWith("[]", StringComparison.Ordinal);
        string key = isList ? name[..^2] : name;
        JsonObject properties = Properties(parent);
        properties[key] ??= isList ? new JsonObject { ["type"] = "array", ["items"] = Object() } : Object();
        return (isList ? properties[key]!["items"]! : properties[key]!).AsObject();
    }
}

/// <summary>One row of the reference.</summary>
internal sealed record ReferenceRow(string Section, string Keys, string Text)
{
    public bool Describes(string path)
    {
        int end = path.LastIndexOf('.');
        string name = path[(end + 1)..];
        return ConfigurationReference.SectionsOf(Section).Contains(path[..end])
            && (Keys.StartsWith($"`{name}`", StringComparison.Ordinal) || Keys.StartsWith($"`{name}[]`", StringComparison.Ordinal));
    }

    public static IEnumerable<ReferenceRow> In(string reference) =>
        from section in reference.Split("\n## `").Skip(1)
        let name = section[..section.IndexOf('`', StringComparison.Ordinal)]
        from line in section.Split('\n')
        where line.StartsWith("| `", StringComparison.Ordinal)
        let cells = line.Replace("\\|", "\0", StringComparison.Ordinal).Split('|', StringSplitOptions.TrimEntries)
        where cells.Length == 6
        select new ReferenceRow(name, cells[1], cells[4].Replace('\0', '|'));
}
