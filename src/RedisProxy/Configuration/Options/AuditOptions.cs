namespace RedisProxy.Configuration;

/// <summary><c>audit</c>: looks for what would break at the next failover while the proxy runs.</summary>
internal sealed record AuditOptions
{
    /// <summary>
    /// <c>interval</c>: between two audits, and before the first one; 0 is never. A reload changes it after the audit that is
    /// already scheduled.
    /// </summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMinutes(10);
}
