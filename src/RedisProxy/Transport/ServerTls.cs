using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

using RedisProxy.Configuration;

namespace RedisProxy.Transport;

/// <summary>One listener's side of TLS: the certificate it presents, and the clients it accepts. Any thread.</summary>
internal sealed class ServerTls
{
    private volatile Current _current;

    public ServerTls(ListenerTlsOptions options)
    {
        Options = options;
        _current = Current.Of(options.Material);
    }

    public ListenerTlsOptions Options { get; }

    /// <summary>New connections use the new certificates; existing ones stay as they are.</summary>
    public void Renew(TlsMaterial material) => _current = Current.Of(material);

    /// <exception cref="AuthenticationException">It does not speak TLS, or its certificate is not good; the message says why.</exception>
    /// <exception cref="IOException">The connection ended.</exception>
    public Task AuthenticateAsync(SslStream stream) => stream.AuthenticateAsServerAsync(NextHandshake());

    /// <summary>For one handshake: the certificates may be others for the next.</summary>
    public SslServerAuthenticationOptions NextHandshake()
    {
        Current current = _current;
        return new SslServerAuthenticationOptions
        {
            ServerCertificateContext = current.Own,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            ClientCertificateRequired = Options.RequireClientCertificate,
            CertificateChainPolicy = TrustIn(current.Authorities),
            AllowRenegotiation = false,
        };
    }

    /// <summary>Trusts certificates of these authorities; null: of those that the system trusts. Nothing is downloaded.</summary>
    public static X509ChainPolicy TrustIn(X509Certificate2Collection? authorities)
    {
        var policy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        if (authorities is not null)
        {
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            policy.CustomTrustStore.AddRange(authorities);
        }

        return policy;
    }

    private sealed record Current(SslStreamCertificateContext Own, X509Certificate2Collection? Authorities)
    {
        // Offline: it must not contact the authority.
        public static Current Of(TlsMaterial material) => new(
            SslStreamCertificateContext.Create(material.Certificate!, material.Chain, offline: true), material.Authorities);
    }
}
