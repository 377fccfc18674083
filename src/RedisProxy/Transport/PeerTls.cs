using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

using RedisProxy.Configuration;

namespace RedisProxy.Transport;

/// <summary>
/// The connecting side of TLS, towards masters or Sentinels: which certificates to trust, and which to present. Names come from the
/// configuration: a source that tells where a server is must not also tell how the server proves its identity. Any thread.
/// </summary>
internal sealed class PeerTls
{
    private readonly PeerTlsOptions _options;
    private readonly string[] _hosts;
    private volatile Current _current;

    /// <param name="options">As configured.</param>
    /// <param name="hosts">The configured names or addresses of these servers; may be empty.</param>
    public PeerTls(PeerTlsOptions options, IEnumerable<string> hosts)
    {
        _options = options;
        _hosts = [.. hosts];
        _current = Current.Of(options.Material);
    }

    /// <inheritdoc cref="ServerTls.Renew"/>
    public void Renew(TlsMaterial material) => _current = Current.Of(material);

    /// <param name="stream">Connected.</param>
    /// <param name="host">As dialled, if by a configured name.</param>
    /// <param name="stop">Cancels the handshake.</param>
    /// <exception cref="AuthenticationException">It does not speak TLS, or its certificate is not good; the message says why.</exception>
    /// <exception cref="IOException">The connection ended.</exception>
    public async Task AuthenticateAsync(SslStream stream, string? host, CancellationToken stop)
    {
        Current current = _current;
        string[] names = NamesOf(host);
        string objection = "";
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = names.FirstOrDefault() ?? "",
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            ClientCertificateContext = current.Own,
            CertificateChainPolicy = ServerTls.TrustIn(current.Authorities),
            AllowRenegotiation = false,
            RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
            {
                string[]? expected = _options.VerifyName ? names : null;
                objection = CertificateJudgement.Object(certificate as X509Certificate2, chain, errors, expected);
                return objection.Length == 0;
            },
        };
        try
        {
            await stream.AuthenticateAsClientAsync(options, stop).ConfigureAwait(false);
        }
        catch (AuthenticationException) when (objection.Length > 0)
        {
            throw new AuthenticationException(objection);
        }
    }

    // A Sentinel announced by another one may present any of the configured names.
    private string[] NamesOf(string? host) => _options.ServerName is { } name ? [name]
        : host is not null && _hosts.Contains(host, StringComparer.OrdinalIgnoreCase) ? [host]
        : _hosts;

    private sealed record Current(SslStreamCertificateContext? Own, X509Certificate2Collection? Authorities)
    {
        public static Current Of(TlsMaterial material) => new(
            material.Certificate is { } own ? SslStreamCertificateContext.Create(own, material.Chain, offline: true) : null,
            material.Authorities);
    }
}
