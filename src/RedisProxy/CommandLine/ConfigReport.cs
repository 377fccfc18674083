using System.Text.Json;
using System.Text.Json.Serialization;

using RedisProxy.Configuration;
using RedisProxy.Hosting;

namespace RedisProxy.CommandLine;

/// <summary>Prints the configuration in effect: each key, its value, and where that comes from.</summary>
internal static class ConfigReport
{
    // A longer value does not push the last column to the right for all.
    private const int MaxAligned = 40;

    /// <returns>An <see cref="ExitCode"/>.</returns>
    public static async Task<int> WriteAsync(ProxyOptions options, OptionSources sources, bool isJson, TextWriter output)
    {
        IReadOnlyList<EffectiveValue> values = EffectiveValues.Of(options, sources);
        if (isJson)
        {
            await output.WriteLineAsync(JsonSerializer.Serialize(values, ConfigJson.Default.IReadOnlyListEffectiveValue));
            return ExitCode.Ok;
        }

        int keys = values.Max(static value => value.Key.Length);
        int texts = values.Where(static value => value.Value.Length <= MaxAligned).Max(static value => value.Value.Length);
        foreach (EffectiveValue value in values)
        {
            string source = $"{value.Source} {value.Origin}".TrimEnd();
            await output.WriteLineAsync($"{value.Key.PadRight(keys)}  {value.Value.PadRight(texts)}  {source}");
        }

        return ExitCode.Ok;
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(IReadOnlyList<EffectiveValue>))]
internal sealed partial class ConfigJson : JsonSerializerContext;
