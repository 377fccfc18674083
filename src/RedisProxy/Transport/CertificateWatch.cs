using System.Globalization;
using System.Security.Cryptography;

using Microsoft.Extensions.Logging;

using RedisProxy.Configuration;

namespace RedisProxy.Transport;

/// <summary>
/// Reads certificates again when their files have changed. Files that cannot be used are not: the certificates that are in use stay, and
/// the log says so once. As certificate and key are rarely written in the same moment, a complaint waits for the second look.
/// </summary>
/// <param name="name">The section, for the log.</param>
/// <param name="inUse">What was read at start.</param>
/// <param name="renew">Gets what is to be used from now on.</param>
internal sealed class CertificateWatch(string name, TlsMaterial inUse, Action<TlsMaterial> renew)
{
    private readonly CertificateFiles _files = inUse.Files;
    private TlsMaterial _inUse = inUse;
    private string _lastComplaint = "";
    private bool _hasComplained;

    /// <summary>Not on two threads at once.</summary>
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
        : "there is no certificate of its own";

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
