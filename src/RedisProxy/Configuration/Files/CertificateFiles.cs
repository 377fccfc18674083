namespace RedisProxy.Configuration;

/// <summary>
/// The certificates of one side: PEM files, with absolute paths. Paths rather than contents, because the files change while the proxy runs.
/// </summary>
/// <param name="Certificate">Its own certificate, followed by the intermediate ones; null: it presents none.</param>
/// <param name="Key">The certificate's private key, without a passphrase; may be the same file.</param>
/// <param name="Authorities">The authorities trusted to verify the peer; null: those of the system.</param>
internal sealed record CertificateFiles(string? Certificate, string? Key, string? Authorities);
