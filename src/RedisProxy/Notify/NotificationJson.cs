using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

using RedisProxy.Audit;
using RedisProxy.Configuration;
using RedisProxy.Topology;

namespace RedisProxy.Notify;

/// <summary>A message for programs: docs/notifications.md has its schema. Published: fields are added, never renamed.</summary>
internal static class NotificationJson
{
    private const int Version = 1;

    /// <summary>Beyond it a message says how many more there are. What reads it, reads the audit itself then.</summary>
    private const int MaxFindings = 50;

    // Quotes and controls are escaped, and letters that are not ASCII stay: it is read by people, too, and is no part of a page.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] Write(Notification told, DroppedCounts leftOut)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            json.WriteStartObject();
            json.WriteNumber("version", Version);
            json.WriteString("id", told.Id);
            json.WriteString("event", NotifyEvents.NameOf(told.Event));
            json.WriteString("at", TimeOf(told.At));
            json.WriteString("proxy", Environment.MachineName);
            json.WriteString("master", told.Master);
            json.WriteString("text", told.Text);
            WriteDetails(json, told);
            WriteLeftOut(json, leftOut);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteDetails(Utf8JsonWriter json, Notification told)
    {
        if (told.Failover is { } failover)
        {
            WriteFailover(json, failover);
        }

        if (told.Outage is { } outage)
        {
            json.WriteStartObject("outage");
            json.WriteString("since", TimeOf(outage.Since));
            WriteSeconds(json, "seconds", outage.Lasted);
            json.WriteString("availability", NameOf(outage.Availability));
            json.WriteString("reason", outage.Reason);
            json.WriteEndObject();
        }

        if (told.Sentinels is { } sentinels)
        {
            json.WriteStartObject("sentinels");
            json.WriteNumber("known", sentinels.Known);
            json.WriteNumber("connected", sentinels.Connected);
            json.WriteEndObject();
        }

        if (told.Replica is { } replica)
        {
            json.WriteStartObject("replica");
            json.WriteString("address", replica.Address.ToString());
            json.WriteString("reason", replica.Reason);
            json.WriteEndObject();
        }

        if (told.Findings.Count > 0)
        {
            WriteFindings(json, told.Findings);
        }
    }

    // As /status has it, and how the masters are announced.
    private static void WriteFailover(Utf8JsonWriter json, FailoverReport failover)
    {
        FailoverRecord record = failover.Record;
        json.WriteStartObject("failover");
        json.WriteNumber("number", record.Number);
        json.WriteString("kind", NameOf(record.Kind));
        json.WriteString("firstSignAt", TimeOf(record.FirstSignAt));
        WriteSeconds(json, "acceptedAfterSeconds", record.AcceptedAfter);
        WriteSeconds(json, "availableAfterSeconds", record.AvailableAfter);
        json.WriteString("old", record.Old.ToString());
        json.WriteString("new", record.New.ToString());
        json.WriteString("oldAnnounced", failover.Old.ToString());
        json.WriteString("newAnnounced", failover.New.ToString());
        json.WriteNumber("epoch", record.Epoch);
        json.WriteString("who", record.Who);
        json.WriteEndObject();
    }

    private static void WriteFindings(Utf8JsonWriter json, IReadOnlyList<Finding> findings)
    {
        json.WriteStartArray("findings");
        foreach (Finding finding in findings.Take(MaxFindings))
        {
            json.WriteStartObject();
            json.WriteString("severity", NameOf(finding.Severity));
            json.WriteString("where", finding.Where?.ToString());
            json.WriteString("topic", finding.Topic);
            json.WriteString("text", finding.Text);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (findings.Count > MaxFindings)
        {
            json.WriteNumber("moreFindings", findings.Count - MaxFindings);
        }
    }

    private static void WriteLeftOut(Utf8JsonWriter json, DroppedCounts leftOut)
    {
        if (leftOut.IsNothing)
        {
            return;
        }

        json.WriteStartObject("leftOut");
        foreach ((NotifyEvent one, long count) in leftOut.Counts)
        {
            json.WriteNumber(NotifyEvents.NameOf(one), count);
        }

        json.WriteEndObject();
    }

    private static void WriteSeconds(Utf8JsonWriter json, string name, TimeSpan? duration)
    {
        if (duration is { } given)
        {
            json.WriteNumber(name, Math.Round(given.TotalSeconds, 3));
        }
        else
        {
            json.WriteNull(name);
        }
    }

    private static string TimeOf(DateTimeOffset at) => FormattableString.Invariant($"{at.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fff}Z");

    private static string NameOf(FailoverKind kind) => kind switch
    {
        FailoverKind.Planned => "planned",
        FailoverKind.Unplanned => "unplanned",
        _ => "restart",
    };

    private static string NameOf(Severity severity) => severity switch
    {
        Severity.Critical => "critical",
        Severity.Warning => "warning",
        _ => "note",
    };

    // The names that /status has.
    private static string NameOf(Availability availability) => availability switch
    {
        Availability.Verifying => "verifying",
        Availability.Available => "available",
        Availability.ReadsOnly => "reads_only",
        Availability.PlannedHold => "planned_hold",
        Availability.Down => "down",
        _ => "unknown",
    };
}
