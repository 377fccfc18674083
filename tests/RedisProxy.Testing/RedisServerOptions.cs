namespace RedisProxy.Testing;

/// <summary>How a redis-server is set up. Everything not named here is redis's default.</summary>
public sealed record RedisServerOptions
{
    /// <summary>
    /// A program in PATH, or a path; a Valkey server serves as well. The variable REDISPROXY_REDIS_SERVER overrides the default, which is
    /// <see cref="ServerRelease.Default"/>'s.
    /// </summary>
    public string Program { get; init; } = Environment.GetEnvironmentVariable("REDISPROXY_REDIS_SERVER") ?? ServerRelease.Default.Server;

    public ProcessHost Host { get; init; } = ProcessHost.Local;

    /// <summary>Default: a free one.</summary>
    public int? Port { get; init; }

    /// <summary>Null: it starts as a master. Otherwise as a replica of the server on this port.</summary>
    public int? ReplicaOfPort { get; init; }

    /// <summary>Address of that master.</summary>
    public string ReplicaOfAddress { get; init; } = ProcessHost.Local.Address;

    /// <summary>Of the default user; also used by a replica at its master.</summary>
    public string? Password { get; init; }

    /// <summary>Null: plain text. Otherwise TLS only, for peers with a certificate of the same authority.</summary>
    public IssuedCertificate? Tls { get; init; }

    /// <summary>Writes are logged to a file before they are answered, so that a restart finds them, however the server ended.</summary>
    public bool AppendOnly { get; init; }

    /// <summary>Further lines for <c>redis.conf</c>, such as <c>maxclients 100</c> or <c>user app on &gt;secret ~* +@all</c>.</summary>
    public IReadOnlyList<string> Lines { get; init; } = [];
}
