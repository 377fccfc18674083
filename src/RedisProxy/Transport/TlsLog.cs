using Microsoft.Extensions.Logging;

namespace RedisProxy.Transport;

/// <summary>Event ids 5000 to 5099.</summary>
internal static partial class TlsLog
{
    [LoggerMessage(
        5000, LogLevel.Information, "{Section}: the files have changed; new connections use them ({What})")]
    public static partial void CertificatesRenewed(ILogger log, string section, string what);

    [LoggerMessage(
        5001, LogLevel.Error, "{Section}: the files have changed and cannot be used, so those read before stay in use: {Complaint}")]
    public static partial void CertificatesUnusable(ILogger log, string section, string complaint);
}
