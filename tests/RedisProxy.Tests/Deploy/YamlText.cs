using System.Globalization;
using System.Text.Json.Nodes;

using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace RedisProxy.Tests.Deploy;

/// <summary>YAML as the JSON that it stands for (core schema; merge keys as in YAML 1.1), for schemas and for looking things up.</summary>
internal static class YamlText
{
    private const string MergeKey = "<<";

    /// <summary>Documents with nothing in them are left out. Duplicate keys and bad YAML throw.</summary>
    public static IReadOnlyList<JsonObject> Documents(string yaml)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));
        return [.. stream.Documents.Select(document => ToJson(document.RootNode)).OfType<JsonObject>()];
    }

    private static JsonNode? ToJson(YamlNode node) => node switch
    {
        YamlMappingNode mapping => ToObject(mapping),
        YamlSequenceNode sequence => new JsonArray([.. sequence.Children.Select(ToJson)]),
        YamlScalarNode { Style: ScalarStyle.Plain } plain => ToValue(plain.Value ?? ""),
        YamlScalarNode text => JsonValue.Create(text.Value),
        _ => throw new NotSupportedException($"{node.NodeType} at {node.Start}"),
    };

    private static JsonObject ToObject(YamlMappingNode mapping)
    {
        var result = new JsonObject();
        foreach ((YamlNode key, YamlNode value) in mapping.Children)
        {
            if (key.ToString() != MergeKey)
            {
                result[key.ToString()] = ToJson(value);
            }
        }

        if (mapping.Children.TryGetValue(new YamlScalarNode(MergeKey), out YamlNode? merged))
        {
            foreach ((string key, JsonNode? value) in ToObject((YamlMappingNode)merged))
            {
                if (!result.ContainsKey(key))
                {
                    result[key] = value?.DeepClone();
                }
            }
        }

        return result;
    }

    private static JsonNode? ToValue(string plain) => plain switch
    {
        "" or "~" or "null" => null,
        "true" => JsonValue.Create(true),
        "false" => JsonValue.Create(false),

        // Parsed, because a value that was parsed can be read as any type of number.
        _ when decimal.TryParse(plain, NumberStyles.Float, CultureInfo.InvariantCulture, out decimal number) =>
            JsonNode.Parse(number.ToString(CultureInfo.InvariantCulture)),
        _ => JsonValue.Create(plain),
    };
}
