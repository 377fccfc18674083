using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace RedisProxy.Testing;

/// <summary>A certificate authority that lives as long as a test, with all its files in one folder.</summary>
public sealed class TestAuthority : IDisposable
{
    private static readonly TimeSpan Validity = TimeSpan.FromDays(30);

    private readonly TemporaryFolder _folder = new("authority");
    private readonly X509Certificate2 _own;

    public TestAuthority(string name = "RedisProxy test authority")
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        _own = request.CreateSelfSigned(now.AddDays(-1), now + Validity + Validity);
        File = _folder.File("ca.crt");
        System.IO.File.WriteAllText(File, _own.ExportCertificatePem());
    }

    /// <summary>Its own certificate, for peers that are to trust it.</summary>
    public string File { get; }

    /// <summary>For clients and servers alike. Issuing the same name again replaces the files.</summary>
    /// <param name="name">Of the files.</param>
    /// <param name="hosts">Names and addresses in the certificate.</param>
    public IssuedCertificate Issue(string name, params string[] hosts)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        foreach (string host in hosts)
        {
            if (IPAddress.TryParse(host, out IPAddress? address))
            {
                names.AddIpAddress(address);
            }
            else
            {
                names.AddDnsName(host);
            }
        }

        request.CertificateExtensions.Add(names.Build());
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using X509Certificate2 certificate = request.Create(_own, now.AddDays(-1), now + Validity, RandomNumberGenerator.GetBytes(16));
        var issued = new IssuedCertificate(_folder.File($"{name}.crt"), _folder.File($"{name}.key"), File, certificate.Thumbprint);
        System.IO.File.WriteAllText(issued.CertificateFile, certificate.ExportCertificatePem());
        System.IO.File.WriteAllText(issued.KeyFile, key.ExportPkcs8PrivateKeyPem());
        return issued;
    }

    public void Dispose()
    {
        _own.Dispose();
        _folder.Dispose();
    }
}

/// <param name="CertificateFile">PEM.</param>
/// <param name="KeyFile">PEM, without a passphrase.</param>
/// <param name="AuthorityFile">Certificate of the issuer.</param>
/// <param name="Thumbprint">Distinguishes it from others of the same name.</param>
public sealed record IssuedCertificate(string CertificateFile, string KeyFile, string AuthorityFile, string Thumbprint)
{
    /// <summary>For redis.conf and sentinel.conf: TLS only on this port, and towards other servers.</summary>
    public IEnumerable<string> ConfigurationLines(int port) =>
    [
        "port 0", FormattableString.Invariant($"tls-port {port}"), $"tls-cert-file {CertificateFile}", $"tls-key-file {KeyFile}",
        $"tls-ca-cert-file {AuthorityFile}", "tls-replication yes",
    ];
}
