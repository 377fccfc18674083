namespace RedisProxy.Configuration;

/// <summary><c>audit</c>: what would break at the next failover is looked for while the proxy runs.</summary>
internal sealed record AuditOptions
{
    /// <summary>
    /// <c>interval</c>: between two audits, the first one included. Default 10m, 10s to 24h; 0 is never. A reload changes it after the
    /// one that is waited for.
    /// </summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMinutes(10);
}
