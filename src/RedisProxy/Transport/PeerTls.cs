using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

using RedisProxy.Configuration;

namespace RedisProxy.Transport;

/// <summary>
/// The connecting side of TLS, towards masters or Sentinels: whom to believe, and what to show them. Names are those of the
/// configuration: whoever may say where a server is must not also say how it proves that it is the one. Any thread.
/// </summary>
internal sealed class PeerTls
{
    private readonly PeerTlsOptions _options;
    private readonly string[] _hosts;
    private volatile Current _current;

    /// <param name="options">As configured.</param>
    /// <param name="hosts">The names or addresses that the configuration has for these servers; may be empty.</param>
    public PeerTls(PeerTlsOptions options, IEnumerable<string> hosts)
    {
        _options = options;
        _hosts = [.. hosts];
        _current = Current.Of(options.Material);
    }

    /// <inheritdoc cref="ServerTls.Renew"/>
    public void Renew(TlsMaterial material) => _current = Current.Of(material);

    /// <param name="stream">Connected.</param>
    /// <param name="host">As it was dialled, if it was dialled by a configured name.</param>
    /// <param name="stop">Gives up.</param>
    /// <exception cref="AuthenticationException">It speaks no TLS, or its certificate is not good; the message says what.</exception>
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

    // A Sentinel that another one has named may show any of the configured names.
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
