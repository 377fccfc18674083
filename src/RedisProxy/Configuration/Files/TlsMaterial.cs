using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace RedisProxy.Configuration;

/// <summary>The content of <see cref="CertificateFiles"/>, read and validated. Immutable; changed files yield a new instance.</summary>
internal sealed class TlsMaterial
{
    private readonly byte[] _fingerprint;

    public TlsMaterial(CertificateFiles files, byte[] fingerprint)
    {
        Files = files;
        _fingerprint = fingerprint;
    }

    public CertificateFiles Files { get; }

    /// <summary>The certificate with its private key; null: none is presented.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>The intermediate certificates that follow it in its file.</summary>
    public X509Certificate2Collection Chain { get; init; } = [];

    /// <summary>The trusted authorities; null: those of the system.</summary>
    public X509Certificate2Collection? Authorities { get; init; }

    /// <param name="fingerprint">The result of <see cref="FingerprintOf"/>.</param>
    public bool IsOf(byte[] fingerprint) => _fingerprint.AsSpan().SequenceEqual(fingerprint);

    /// <summary>Identifies contents: names and times of files do not when a directory of secrets is replaced as a whole.</summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be read.</exception>
    public static byte[] FingerprintOf(CertificateFiles files)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string file in new[] { files.Certificate, files.Key, files.Authorities }.OfType<string>())
        {
            byte[] content = File.ReadAllBytes(file);
            hash.AppendData(BitConverter.GetBytes(content.LongLength));
            hash.AppendData(content);
            CryptographicOperations.ZeroMemory(content);
        }

        return hash.GetHashAndReset();
    }
}
