using System.Text.Json.Serialization;

namespace RedisProxy.Audit;

/// <summary>The audit as JSON. The schema is published: names do not change.</summary>
/// <param name="Masters">One entry per distinct master.</param>
internal sealed record AuditDocument(IReadOnlyList<AuditedMaster> Masters)
{
    public static AuditDocument Of(IReadOnlyList<AuditResult> results) => new([.. results.Select(AuditedMaster.Of)]);
}

/// <param name="Name">The name that Sentinel monitors it under.</param>
/// <param name="Master">Its announced address; null if there is no master.</param>
/// <param name="Replicas">Their announced addresses.</param>
/// <param name="Sentinels">Their addresses.</param>
/// <param name="Worst">note, warning or critical; null if there are no findings.</param>
/// <param name="Findings">The most severe first.</param>
internal sealed record AuditedMaster(
    string Name,
    string? Master,
    IReadOnlyList<string> Replicas,
    IReadOnlyList<string> Sentinels,
    string? Worst,
    IReadOnlyList<AuditedFinding> Findings)
{
    public static AuditedMaster Of(AuditResult result) => new(
        result.Facts.MasterName,
        result.Facts.Master?.Announced.ToString(),
        [.. result.Facts.Replicas.Select(replica => replica.Announced.ToString())],
        [.. result.Facts.Sentinels.Select(sentinel => sentinel.Endpoint.ToString())],
        result.Worst is { } worst ? AuditedFinding.NameOf(worst) : null,
        [.. result.Findings.Select(AuditedFinding.Of)]);
}

/// <param name="Severity">note, warning or critical.</param>
/// <param name="Where">The server or Sentinel; null if it concerns the whole deployment.</param>
/// <param name="Topic">Usually the name of a setting.</param>
/// <param name="Text">What was found and what follows from it.</param>
internal sealed record AuditedFinding(string Severity, string? Where, string Topic, string Text)
{
    public static AuditedFinding Of(Finding finding) =>
        new(NameOf(finding.Severity), finding.Where?.ToString(), finding.Topic, finding.Text);

    public static string NameOf(Severity severity) => severity.ToString().ToLowerInvariant();
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(AuditDocument))]
internal sealed partial class AuditJson : JsonSerializerContext;
