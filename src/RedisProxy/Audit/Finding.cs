using RedisProxy.Configuration;

namespace RedisProxy.Audit;

/// <summary>How much a finding matters. The order is that of importance.</summary>
internal enum Severity
{
    /// <summary>Good to know. Nothing breaks.</summary>
    Note,

    /// <summary>Something will be otherwise after the next failover, or after a restart, than it is now.</summary>
    Warning,

    /// <summary>The next failover loses data, refuses clients, or does not take place.</summary>
    Critical,
}

/// <summary>One thing that is not as it should be.</summary>
/// <param name="Severity">How much it matters.</param>
/// <param name="Where">The server or Sentinel, as it is announced; null: the deployment as a whole.</param>
/// <param name="Topic">What it is about: mostly the name of a setting.</param>
/// <param name="Text">How it is, and what would come of it. A sentence or two, without a full stop at the end.</param>
internal sealed record Finding(Severity Severity, HostEndpoint? Where, string Topic, string Text);
