using RedisProxy.Audit;
using RedisProxy.Configuration;

namespace RedisProxy.Notify;

/// <summary>Makes one message per master of the critical findings that the previous audit did not have. One audit at a time.</summary>
internal sealed class DriftWatch(NotificationIds ids, TimeProvider time)
{
    private readonly Dictionary<string, HashSet<string>> _known = new(StringComparer.Ordinal);

    /// <returns>Null: nothing new.</returns>
    public Notification? Take(AuditResult result)
    {
        string master = result.Facts.MasterName;
        Finding[] critical = [.. result.Findings.Where(finding => finding.Severity == Severity.Critical)];
        HashSet<string> before = _known.GetValueOrDefault(master) ?? [];
        HashSet<string> now = [.. critical.Select(NameOf)];
        _known[master] = now;
        Finding[] news = [.. critical.Where(finding => !before.Contains(NameOf(finding))).DistinctBy(NameOf)];
        if (news.Length > 0)
        {
            Finding first = news[0];
            string others = news.Length > 1 ? FormattableString.Invariant($" and {news.Length - 1} more") : "";
            return Make(
                NotifyEvent.DriftFound,
                result,
                $"The next failover of '{master}' would go wrong: {first.Where?.ToString() ?? "the deployment"}: "
                    + $"{first.Topic} {first.Text}{others}") with
            { Findings = news };
        }

        return before.Count > 0 && now.Count == 0
            ? Make(NotifyEvent.DriftGone, result, $"The audit of '{master}' no longer finds anything critical")
            : null;
    }

    // A change in a finding's text, such as a figure, does not make it a new one.
    private static string NameOf(Finding finding) => $"{finding.Where} {finding.Topic}";

    private Notification Make(NotifyEvent one, AuditResult result, string text) => new()
    {
        Id = ids.NextMessage(),
        Event = one,
        At = time.GetUtcNow(),
        Master = result.Facts.MasterName,
        Address = result.Facts.Master?.Announced,
        Text = text,
    };
}
