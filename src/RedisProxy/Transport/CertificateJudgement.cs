using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

using RedisProxy.Configuration;

namespace RedisProxy.Transport;

/// <summary>Is a server's certificate good? If not, why not, in a sentence for the log.</summary>
internal static class CertificateJudgement
{
    private const int MaxShownNames = 4;

    /// <param name="certificate">Null: it showed none.</param>
    /// <param name="chain">As it was built to the authorities.</param>
    /// <param name="errors">What was found; of the name the framework only knows one, so that is judged here.</param>
    /// <param name="names">One of them must be in it; null: any name will do.</param>
    /// <returns>Empty: it is good.</returns>
    public static string Object(X509Certificate2? certificate, X509Chain? chain, SslPolicyErrors errors, string[]? names)
    {
        if (certificate is null)
        {
            return "it showed no certificate";
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

    // What a stranger wrote, so quoted.
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
