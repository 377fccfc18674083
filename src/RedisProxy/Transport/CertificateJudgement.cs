using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

using RedisProxy.Configuration;

namespace RedisProxy.Transport;

/// <summary>Is a server's certificate good? If not, the reason as a sentence for the log.</summary>
internal static class CertificateJudgement
{
    private const int MaxShownNames = 4;

    /// <param name="certificate">Null: the server presented none.</param>
    /// <param name="chain">As built up to the authorities.</param>
    /// <param name="errors">Errors found by the framework; it knows only one name, so names are checked here.</param>
    /// <param name="names">The certificate must be for one of them; null: any name will do.</param>
    /// <returns>Empty: it is good.</returns>
    public static string Object(X509Certificate2? certificate, X509Chain? chain, SslPolicyErrors errors, string[]? names)
    {
        if (certificate is null)
        {
            return "it presented no certificate";
        }

        if ((errors & ~SslPolicyErrors.RemoteCertificateNameMismatch) != SslPolicyErrors.None)
        {
            string? status = chain?.ChainStatus.Select(status => $"{status.Status}: {status.StatusInformation.Trim()}").FirstOrDefault();
            return $"its certificate {Describe(certificate)} is not trusted ({status ?? errors.ToString()})";
        }

        return names is null || Array.Exists(names, name => certificate.MatchesHostname(name))
            ? ""
            : $"its certificate is for {Describe(certificate)}, not for {QuotedValue.AnyOf(names)}";
    }

    // Written by a stranger, so quoted.
    private static string Describe(X509Certificate2 certificate)
    {
        string[] names =
        [
            .. certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().SelectMany(
                names => names.EnumerateDnsNames().Concat(names.EnumerateIPAddresses().Select(address => address.ToString()))),
        ];
        return QuotedValue.Of(names.Length == 0 ? certificate.Subject : string.Join(", ", names.Take(MaxShownNames)));
    }
}
