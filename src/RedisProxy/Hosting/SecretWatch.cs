using System.Security.Cryptography;
using System.Text;

using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

using RedisProxy.Admin;
using RedisProxy.Transport;

namespace RedisProxy.Hosting;

/// <summary>
/// Takes new secrets when their files have changed, as often as certificates are looked at. By their contents, because a file may be
/// replaced (rename), or a folder above it (the symbolic link <c>..data</c> of a volume of Kubernetes). Unusable ones are reported once,
/// and not before the second look: a file that is just being written may be half empty.
/// </summary>
/// <param name="files">Their paths, which a reload may change.</param>
/// <param name="renew">Takes what they contain.</param>
/// <param name="time">The clock.</param>
/// <param name="log">Of this layer.</param>
internal sealed class SecretWatch(
    Func<IReadOnlyList<string>> files, Func<Task<ReloadReport>> renew, TimeProvider time, ILogger log) : BackgroundService
{
    // Unknown, so that the first look finds what has changed since the start.
    private string _inUse = "";
    private string _unusable = "";
    private bool _hasComplained;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TlsSetup.LookInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    await LookAsync();
                }
                catch (Exception fault)
                {
                    // The secrets in use go on; nobody has asked for this reload.
                    HostingLog.ReloadFailed(log, fault);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }
    }

    /// <summary>Once; not reentrant.</summary>
    public async Task LookAsync()
    {
        string now = FingerprintOf(files());
        if (now == _inUse)
        {
            _unusable = "";
            return;
        }

        ReloadReport report = await renew();
        if (report.IsTaken)
        {
            _inUse = FingerprintOf(files()) == now ? now : "";
            _unusable = "";
        }
        else if (now != _unusable)
        {
            _unusable = now;
            _hasComplained = false;
        }
        else if (!_hasComplained)
        {
            _hasComplained = true;
            HostingLog.SecretsUnusable(log, string.Join("; ", report.Lines));
        }
    }

    /// <summary>Of the contents; the secrets themselves are not kept.</summary>
    private static string FingerprintOf(IReadOnlyList<string> files)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string file in files)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(file));
            hash.AppendData(SHA256.HashData(ContentOf(file)));
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }

    private static byte[] ContentOf(string file)
    {
        try
        {
            return File.ReadAllBytes(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Not there now, which is a state as well.
            return [];
        }
    }
}
