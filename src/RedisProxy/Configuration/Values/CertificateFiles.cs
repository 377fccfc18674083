namespace RedisProxy.Configuration;

/// <summary>
/// Where one side's certificates are: PEM files, with absolute paths. Files and not values, because they change while the proxy runs.
/// </summary>
/// <param name="Certificate">Its own, followed by the intermediate ones; null: it shows none.</param>
/// <param name="Key">The private key of it, without a passphrase; the same file as the certificate when both are in one.</param>
/// <param name="Authorities">Whom to believe about the peer; null: the authorities of the system.</param>
internal sealed record CertificateFiles(string? Certificate, string? Key, string? Authorities);
