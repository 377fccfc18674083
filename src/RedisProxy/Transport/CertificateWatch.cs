using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

using Microsoft.Extensions.Logging;

using RedisProxy.Configuration;

namespace RedisProxy.Transport;

/// <summary>
/// Reloads certificates when their files have changed. If the new files are unusable, the certificates in use stay, and the log reports
/// it once. As certificate and key are rarely written at the same moment, a complaint waits for the second check.
/// </summary>
/// <param name="name">The section, for the log.</param>
/// <param name="inUse">Read at startup.</param>
/// <param name="renew">Receives the certificates to be used from now on.</param>
internal sealed class CertificateWatch(string name, TlsMaterial inUse, Action<TlsMaterial> renew)
{
    private readonly CertificateFiles _files = inUse.Files;
    private volatile TlsMaterial _inUse = inUse;
    private string _lastComplaint = "";
    private bool _hasComplained;

    /// <summary>Null: it has none of its own. Any thread.</summary>
    public CertificateInUse? InUse => _inUse.Certificate is { } own ? new CertificateInUse(name, own) : null;

    /// <summary>Not reentrant: one thread at a time.</summary>
    public void Look(ILogger log)
    {
        string complaint = "";
        try
        {
            if (_inUse.IsOf(TlsMaterial.FingerprintOf(_files)))
            {
                _lastComplaint = "";
                return;
            }

            if (TlsMaterialReader.Read(_files, (option, what) => complaint = $"{option}: {what}") is { } material)
            {
                renew(material);
                _inUse = material;
                TlsLog.CertificatesRenewed(log, name, Describe(material));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            complaint = e.Message;
        }

        Complain(complaint, log);
    }

    private static string Describe(TlsMaterial material) => material.Certificate is { } own
        ? string.Create(CultureInfo.InvariantCulture, $"its certificate is good until {own.NotAfter.ToUniversalTime():u}")
        : "it has no certificate of its own";

    private void Complain(string complaint, ILogger log)
    {
        bool isNew = complaint != _lastComplaint;
        _lastComplaint = complaint;
        _hasComplained &= !isNew;
        if (complaint.Length > 0 && !isNew && !_hasComplained)
        {
            _hasComplained = true;
            TlsLog.CertificatesUnusable(log, name, complaint);
        }
    }
}

/// <param name="Section">That has configured it.</param>
internal sealed record CertificateInUse(string Section, X509Certificate2 Certificate);
