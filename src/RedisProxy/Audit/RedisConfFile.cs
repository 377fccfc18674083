using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;

namespace RedisProxy.Audit;

/// <summary>
/// A server's configuration file, if this process is on the same machine and may read it, as a sidecar often is. Its values are
/// compared and never shown: it contains passwords.
/// </summary>
internal static class RedisConfFile
{
    private const int MaxBytes = 1024 * 1024;

    /// <param name="path">As reported by INFO; empty when the server runs without one.</param>
    /// <param name="address">Of the server.</param>
    /// <returns>Directives by name, the last of each; null when the file cannot be read, or is not complete.</returns>
    public static IReadOnlyDictionary<string, string>? Read(string path, IPEndPoint address)
    {
        try
        {
            return path.Length > 0 && IsHere(address.Address) && new FileInfo(path) is { Exists: true, Length: <= MaxBytes }
                ? Parse(File.ReadAllLines(path), address.Port)
                : null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException
            or NotSupportedException or NetworkInformationException)
        {
            return null;
        }
    }

    /// <param name="lines">Of the file.</param>
    /// <param name="port">The server's: in a container the same path is another file, unlikely to have the same port.</param>
    internal static IReadOnlyDictionary<string, string>? Parse(IEnumerable<string> lines, int port)
    {
        var directives = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (string line in lines.Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#'))
        {
            string[] parts = line.Split((char[]?)null, 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            string value = parts.Length > 1 ? parts[1].Trim('"') : "";

            // Several "save" lines are one setting.
            bool isFurther = parts[0].Equals("save", StringComparison.OrdinalIgnoreCase) && directives.ContainsKey(parts[0]);
            directives[parts[0]] = isFurther ? $"{directives[parts[0]]} {value}".Trim() : value;
        }

        string own = port.ToString(CultureInfo.InvariantCulture);
        bool isOfThisServer = directives.GetValueOrDefault("port", "6379") == own || directives.GetValueOrDefault("tls-port") == own;
        return isOfThisServer && !directives.ContainsKey("include") ? directives : null;
    }

    private static bool IsHere(IPAddress address) =>
        IPAddress.IsLoopback(address)
        || NetworkInterface.GetAllNetworkInterfaces()
            .SelectMany(one => one.GetIPProperties().UnicastAddresses)
            .Any(own => own.Address.Equals(address));
}
