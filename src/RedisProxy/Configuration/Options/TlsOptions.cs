namespace RedisProxy.Configuration;

/// <summary>
/// <c>listeners[].tls</c>: applications connect with TLS 1.2 or 1.3, and not without. With <c>enabled: false</c> the section counts as
/// absent.
/// </summary>
internal sealed record ListenerTlsOptions
{
    /// <summary>
    /// <c>certificateFile</c>: required; PEM, followed by the intermediate certificates. <c>keyFile</c>: its private key, by default in
    /// the same file. <c>caFile</c>: the authorities of clients' certificates. All are read again when they change.
    /// </summary>
    public required TlsMaterial Material { get; init; }

    /// <summary><c>requireClientCertificate</c>: only clients with a certificate from <c>caFile</c> are served.</summary>
    public bool RequireClientCertificate { get; init; }

    /// <summary><c>handshakeTimeout</c>: a connection whose handshake takes longer is closed.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary><c>maxConcurrentHandshakes</c>: maximum TLS handshakes in progress across all loops; further clients queue.</summary>
    public int MaxConcurrentHandshakes { get; init; } = 256;
}

/// <summary>
/// <c>backend.tls and sentinel.tls</c>: servers are reached with TLS 1.2 or 1.3. Names are verified against this configuration, never
/// against what a Sentinel announces. With <c>enabled: false</c> the section counts as absent.
/// </summary>
internal sealed record PeerTlsOptions
{
    /// <summary>
    /// <c>caFile</c>: the authorities of the servers' certificates; without it, those of the system. <c>certificateFile</c> and
    /// <c>keyFile</c>: shown to servers that demand a certificate. All are read again when they change.
    /// </summary>
    public required TlsMaterial Material { get; init; }

    /// <summary>
    /// <c>serverName</c>: the name, or the address, that must be in the certificate of every server. Default: the host of
    /// <c>backend.endpoint</c>, or those of <c>sentinel.endpoints</c>.
    /// </summary>
    public string? ServerName { get; init; }

    /// <summary><c>verifyName</c>: false trusts every certificate from <c>caFile</c>, whatever its name.</summary>
    public bool VerifyName { get; init; } = true;
}
