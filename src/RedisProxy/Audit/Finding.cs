using RedisProxy.Configuration;

namespace RedisProxy.Audit;

/// <summary>The severity of a finding, in increasing order.</summary>
internal enum Severity
{
    /// <summary>Good to know. Nothing breaks.</summary>
    Note,

    /// <summary>Something changes with the next failover or restart.</summary>
    Warning,

    /// <summary>The next failover loses data, refuses clients, or does not take place.</summary>
    Critical,
}

/// <summary>One finding of the audit.</summary>
/// <param name="Where">The server or Sentinel, as announced; null: the deployment as a whole.</param>
/// <param name="Topic">Usually the name of a setting.</param>
/// <param name="Text">The fact and its consequence. A sentence or two, without a full stop at the end.</param>
internal sealed record Finding(Severity Severity, HostEndpoint? Where, string Topic, string Text);
