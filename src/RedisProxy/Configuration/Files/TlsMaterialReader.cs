using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace RedisProxy.Configuration;

/// <summary>Reads certificates and keys, and reports what is wrong with each file that cannot be used.</summary>
internal sealed class TlsMaterialReader
{
    private readonly CertificateFiles _files;
    private readonly Action<string, string> _complain;
    private bool _hasComplained;

    private TlsMaterialReader(CertificateFiles files, Action<string, string> complain)
    {
        _files = files;
        _complain = complain;
    }

    /// <param name="files">What to read.</param>
    /// <param name="complain">Receives, for each unusable file, its key (<c>certificateFile</c>…) and the reason.</param>
    /// <returns>Null when any file is unusable.</returns>
    public static TlsMaterial? Read(CertificateFiles files, Action<string, string> complain) =>
        new TlsMaterialReader(files, complain).Read();

    private TlsMaterial? Read()
    {
        // First, so that a file that changes during the reading is detected as changed afterwards.
        byte[]? fingerprint = Try(() => TlsMaterial.FingerprintOf(_files));
        X509Certificate2Collection? own = ReadCertificates("certificateFile", _files.Certificate);
        X509Certificate2Collection? authorities = ReadCertificates("caFile", _files.Authorities);
        string? key = own is null && _files.Key == _files.Certificate ? null : ReadText("keyFile", _files.Key);
        X509Certificate2? certificate = own is null || key is null ? null : ReadKey(own[0], key);
        return _hasComplained || fingerprint is null
            ? null
            : new TlsMaterial(_files, fingerprint)
            {
                Certificate = certificate,
                Chain = own is null ? [] : [.. own.Skip(1)],
                Authorities = authorities,
            };
    }

    // The same error is reported when the file itself is read.
    private static byte[]? Try(Func<byte[]> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private string? ReadText(string option, string? file)
    {
        try
        {
            return file is null ? null : File.ReadAllText(file, Encoding.UTF8);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Complain(option, $"{QuotedValue.Of(file!)} {FileProblem.Describe(e, file!, "")}; expected a PEM file");
            return null;
        }
    }

    private X509Certificate2Collection? ReadCertificates(string option, string? file)
    {
        if (ReadText(option, file) is not { } text)
        {
            return null;
        }

        var found = new X509Certificate2Collection();
        try
        {
            found.ImportFromPem(text);
        }
        catch (CryptographicException)
        {
            Complain(option, $"{QuotedValue.Of(file!)} contains a damaged certificate; expected PEM");
            return null;
        }

        if (found.Count > 0)
        {
            return found;
        }

        Complain(option, $"{QuotedValue.Of(file!)} contains no certificate; expected PEM");
        return null;
    }

    private X509Certificate2? ReadKey(X509Certificate2 leaf, string text)
    {
        try
        {
            return X509Certificate2.CreateFromPem(leaf.ExportCertificatePem(), text);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            string what = !text.Contains("PRIVATE KEY-----", StringComparison.Ordinal) ? "contains no private key"
                : text.Contains("ENCRYPTED", StringComparison.Ordinal) ? "is a key with a passphrase, which is not supported"
                : $"is damaged, or not the key of the certificate in {QuotedValue.Of(_files.Certificate!)}";
            Complain("keyFile", $"{QuotedValue.Of(_files.Key!)} {what}; expected its private key as PEM");
            return null;
        }
    }

    private void Complain(string option, string complaint)
    {
        _hasComplained = true;
        _complain(option, complaint);
    }
}
