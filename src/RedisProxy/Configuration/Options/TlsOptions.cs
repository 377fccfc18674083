namespace RedisProxy.Configuration;

/// <summary>
/// <c>listeners[].tls and admin.tls and sentinelFacade.tls</c>: clients must connect with TLS 1.2 or 1.3. With <c>enabled: false</c> the
/// section counts as absent.
/// </summary>
internal sealed record ListenerTlsOptions
{
    /// <summary>
    /// <c>certificateFile</c>: required; PEM, followed by the intermediate certificates. <c>keyFile</c>: its private key, by default in the
    /// same file. <c>caFile</c>: the authorities that issue clients' certificates. All files are reloaded when they change.
    /// </summary>
    public required TlsMaterial Material { get; init; }

    /// <summary><c>requireClientCertificate</c>: only clients with a certificate from <c>caFile</c> are served.</summary>
    public bool RequireClientCertificate { get; init; }

    /// <summary><c>handshakeTimeout</c>: a connection whose handshake takes longer is closed.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// <c>maxConcurrentHandshakes</c>: of <c>listeners[].tls</c> only: maximum TLS handshakes in progress across all loops; further clients
    /// queue.
    /// </summary>
    public int MaxConcurrentHandshakes { get; init; } = 256;
}

/// <summary>
/// <c>backend.tls and sentinel.tls</c>: connections to servers use TLS 1.2 or 1.3. Names are verified against this configuration, never
/// against what a Sentinel announces. With <c>enabled: false</c> the section counts as absent.
/// </summary>
internal sealed record PeerTlsOptions
{
    /// <summary>
    /// <c>caFile</c>: the authorities that issue the servers' certificates; default: the system's. <c>certificateFile</c> and
    /// <c>keyFile</c>: presented to servers that require a client certificate. All files are reloaded when they change.
    /// </summary>
    public required TlsMaterial Material { get; init; }

    /// <summary>
    /// <c>serverName</c>: the name or address that every server's certificate must contain. Default: the host of <c>backend.endpoint</c>,
    /// or the hosts of <c>sentinel.endpoints</c>.
    /// </summary>
    public string? ServerName { get; init; }

    /// <summary><c>verifyName</c>: false accepts any certificate issued by <c>caFile</c>, whatever its name.</summary>
    public bool VerifyName { get; init; } = true;
}
