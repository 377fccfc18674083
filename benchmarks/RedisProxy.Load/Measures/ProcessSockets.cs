using System.Globalization;

namespace RedisProxy.Load.Measures;

/// <summary>The TCP connections of a process, as the kernel lists them in <c>/proc</c>.</summary>
internal static class ProcessSockets
{
    private const string Established = "01";
    private const string Prefix = "socket:[";

    // Of the lines of /proc/net/tcp: addresses as HEX:PORT, state, and the number that the links of /proc/PID/fd have.
    private const int RemoteField = 2;
    private const int StateField = 3;
    private const int InodeField = 9;

    private static readonly string[] Tables = ["/proc/net/tcp", "/proc/net/tcp6"];

    /// <summary>How many it has to that port, of any address.</summary>
    public static int CountTo(int processId, int port)
    {
        string folder = $"/proc/{processId.ToString(CultureInfo.InvariantCulture)}/fd";
        HashSet<string> inodes =
        [
            .. Directory.EnumerateFiles(folder)
                .Select(static file => new FileInfo(file).LinkTarget)
                .OfType<string>()
                .Where(static target => target.StartsWith(Prefix, StringComparison.Ordinal))
                .Select(static target => target[Prefix.Length..^1]),
        ];
        return Tables.Where(File.Exists).Sum(file => CountTo(File.ReadLines(file), inodes, port));
    }

    public static int CountTo(IEnumerable<string> lines, IReadOnlySet<string> inodes, int port)
    {
        string remote = $":{port.ToString("X4", CultureInfo.InvariantCulture)}";
        return lines.Select(static line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Count(fields =>
            fields.Length > InodeField && fields[StateField] == Established
            && fields[RemoteField].EndsWith(remote, StringComparison.Ordinal) && inodes.Contains(fields[InodeField]));
    }
}
