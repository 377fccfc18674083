namespace RedisProxy.Configuration;

/// <summary><c>listeners[].tls</c>: applications connect with TLS 1.2 or 1.3, and not without. Default: none.</summary>
internal sealed record ListenerTlsOptions
{
    /// <summary><c>certificateFile</c> (required), <c>keyFile</c> and <c>caFile</c>, as they were at start.</summary>
    public required TlsMaterial Material { get; init; }

    /// <summary>
    /// <c>requireClientCertificate</c>: only clients whose certificate is from <c>caFile</c> are served. Default false.
    /// </summary>
    public bool RequireClientCertificate { get; init; }

    /// <summary><c>handshakeTimeout</c>: a connection that is not secured by then is closed. Default 10s, 100ms to 1m.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// <c>maxConcurrentHandshakes</c>: so many clients are being greeted at once, in all loops; others wait. Default 256, 1 to 10000.
    /// </summary>
    public int MaxConcurrentHandshakes { get; init; } = 256;
}

/// <summary>
/// <c>backend.tls</c> and <c>sentinel.tls</c>: servers are reached with TLS 1.2 or 1.3. Default: none. Names are those that this
/// configuration has, never those that a Sentinel says.
/// </summary>
internal sealed record PeerTlsOptions
{
    /// <summary><c>caFile</c>; <c>certificateFile</c> and <c>keyFile</c> for servers that want to see one.</summary>
    public required TlsMaterial Material { get; init; }

    /// <summary>
    /// <c>serverName</c>: the name, or the address, that must be in the certificate of every server. Default: the host of
    /// <c>backend.endpoint</c>, or those of <c>sentinel.endpoints</c>.
    /// </summary>
    public string? ServerName { get; init; }

    /// <summary><c>verifyName</c>: false believes every certificate from <c>caFile</c>, whatever its name. Default true.</summary>
    public bool VerifyName { get; init; } = true;
}
