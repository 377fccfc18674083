namespace RedisProxy.Configuration;

/// <summary><c>audit</c>: periodic check for what would break at the next failover.</summary>
internal sealed record AuditOptions
{
    /// <summary>
    /// <c>interval</c>: time between two audits, and before the first one; 0: never. A reload takes effect after the audit that is already
    /// scheduled.
    /// </summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMinutes(10);
}
