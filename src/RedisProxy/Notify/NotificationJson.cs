using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

using RedisProxy.Audit;
using RedisProxy.Configuration;
using RedisProxy.Topology;

namespace RedisProxy.Notify;

/// <summary>
/// A notification as JSON. The schema in docs/notifications.md is published: fields may be added, never renamed. They are written in the
/// order of declaration.
/// </summary>
internal sealed record NotificationDocument(
    int Version,
    string Id,
    string Event,
    string At,
    string Proxy,
    string? Master,
    string Text,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] FailoverFields? Failover,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] OutageFields? Outage,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] SentinelFields? Sentinels,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ReplicaFields? Replica,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<AuditedFinding>? Findings,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? MoreFindings,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyDictionary<string, long>? LeftOut)
{
    private const int PresentVersion = 1;

    /// <summary>A message with more findings gives the number of the others; the full list is in the audit itself.</summary>
    private const int MaxFindings = 50;

    public static NotificationDocument Of(Notification told, DroppedCounts dropped) => new(
        PresentVersion,
        told.Id,
        NotifyEvents.NameOf(told.Event),
        NotificationJson.TimeOf(told.At),
        Environment.MachineName,
        told.Master,
        told.Failover?.Record.Cost is { } cost ? $"{told.Text}; {cost.Text}" : told.Text,
        told.Failover is { } failover ? FailoverFields.Of(failover) : null,
        told.Outage is { } outage ? OutageFields.Of(outage) : null,
        told.Sentinels is { } sentinels ? new SentinelFields(sentinels.Known, sentinels.Connected) : null,
        told.Replica is { } replica ? new ReplicaFields(replica.Address.ToString(), replica.Reason) : null,
        told.Findings.Count > 0 ? [.. told.Findings.Take(MaxFindings).Select(AuditedFinding.Of)] : null,
        told.Findings.Count > MaxFindings ? told.Findings.Count - MaxFindings : null,
        dropped.IsNothing ? null : dropped.Counts.ToDictionary(static left => NotifyEvents.NameOf(left.Key), static left => left.Value));
}

/// <summary>The fields of /status, and the masters as announced.</summary>
internal sealed record FailoverFields(
    long Number,
    string Kind,
    string FirstSignAt,
    double? AcceptedAfterSeconds,
    double? AvailableAfterSeconds,
    string Old,
    string New,
    string OldAnnounced,
    string NewAnnounced,
    long Epoch,
    string Who,
    FailoverCost? Cost)
{
    public static FailoverFields Of(FailoverReport failover)
    {
        FailoverRecord record = failover.Record;
        return new FailoverFields(
            record.Number,
            Labels.Of(record.Kind),
            NotificationJson.TimeOf(record.FirstSignAt),
            NotificationJson.SecondsOf(record.AcceptedAfter),
            NotificationJson.SecondsOf(record.AvailableAfter),
            record.Old.ToString(),
            record.New.ToString(),
            failover.Old.ToString(),
            failover.New.ToString(),
            record.Epoch,
            record.Who,
            record.Cost);
    }
}

internal sealed record OutageFields(string Since, double? Seconds, string Availability, string Reason)
{
    public static OutageFields Of(OutageReport outage) => new(
        NotificationJson.TimeOf(outage.Since),
        NotificationJson.SecondsOf(outage.Lasted),
        Labels.Of(outage.Availability),
        outage.Reason);
}

internal sealed record SentinelFields(int Known, int Connected);

internal sealed record ReplicaFields(string Address, string Reason);

/// <summary>Serializes each notification to one line.</summary>
internal static class NotificationJson
{
    // Escapes quotes and control characters only: people read it as well, and it is never embedded in HTML.
    private static readonly NotificationJsonContext Context = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    public static byte[] Write(Notification told, DroppedCounts dropped) =>
        JsonSerializer.SerializeToUtf8Bytes(NotificationDocument.Of(told, dropped), Context.NotificationDocument);

    /// <summary>UTC with milliseconds.</summary>
    public static string TimeOf(DateTimeOffset at) => FormattableString.Invariant($"{at.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fff}Z");

    public static double? SecondsOf(TimeSpan? duration) => duration is { } given ? Math.Round(given.TotalSeconds, 3) : null;
}

[JsonSerializable(typeof(NotificationDocument))]
internal sealed partial class NotificationJsonContext : JsonSerializerContext;
