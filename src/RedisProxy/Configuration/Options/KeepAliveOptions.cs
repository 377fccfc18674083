namespace RedisProxy.Configuration;

/// <summary><c>keepAlive</c>: TCP keepalive (tcp(7)). It keeps idle connections alive in firewalls and finds dead idle peers.</summary>
internal sealed record KeepAliveOptions
{
    /// <summary>
    /// <c>time</c>: idle time before the first probe, in whole seconds; from half of it on, different for each connection, so that the
    /// probes of thousands that went idle together do not drown each other.
    /// </summary>
    public TimeSpan Time { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary><c>interval</c>: time between probes, in whole seconds.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary><c>retries</c>: unanswered probes before the connection is closed.</summary>
    public int Retries { get; init; } = 3;
}
