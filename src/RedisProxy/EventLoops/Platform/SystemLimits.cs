using System.Globalization;

namespace RedisProxy.EventLoops;

/// <summary>Limits that the operating system sets for this process or this machine.</summary>
internal static class SystemLimits
{
    private const string DescriptorFolder = "/proc/self/fd";

    /// <summary>
    /// The first and last port that the system assigns to outgoing connections (ip(7), ip_local_port_range). Where it does not say so, any
    /// port may be one.
    /// </summary>
    public static (int First, int Last) EphemeralPorts { get; } = ReadEphemeralPorts();

    /// <summary>
    /// The limit on open descriptors of this process (getrlimit(2)); the runtime has raised it to the hard limit. Not Linux: as if there
    /// were none.
    /// </summary>
    public static unsafe long MaxOpenFiles
    {
        get
        {
            ulong* limits = stackalloc ulong[2];
            return OperatingSystem.IsLinux() && Libc.GetLimit(LibcConstants.LimitOpenFiles, limits) == 0 && limits[0] < long.MaxValue
                ? (long)limits[0]
                : long.MaxValue;
        }
    }

    /// <summary>
    /// The descriptors that this process has open. Since Linux 6.2 they are the size of their folder; counting its entries looks up the
    /// target of each, which for thousands of connections takes longer than the rest of a scrape. Null: not Linux.
    /// </summary>
    public static unsafe long? CountOpenFiles()
    {
        if (!OperatingSystem.IsLinux() || !Directory.Exists(DescriptorFolder))
        {
            return null;
        }

        byte* status = stackalloc byte[LibcConstants.StatusBytes];
        int result = Libc.GetStatus(LibcConstants.CurrentFolder, DescriptorFolder, 0, LibcConstants.StatusSize, status);
        long size = result == 0 ? *(long*)(status + LibcConstants.StatusSizeOffset) : 0;
        return size > 0 ? size : CountEntries();
    }

    /// <summary>As <see cref="CountOpenFiles"/>, on any Linux. Counting opens one more, which is not counted.</summary>
    internal static long CountEntries() => Directory.EnumerateFileSystemEntries(DescriptorFolder).LongCount() - 1;

    private static (int First, int Last) ReadEphemeralPorts()
    {
        try
        {
            string[] words = File.ReadAllText("/proc/sys/net/ipv4/ip_local_port_range").Split('\t', StringSplitOptions.TrimEntries);
            int[] ports = [.. words.Select(word => int.Parse(word, CultureInfo.InvariantCulture))];
            return (ports[0], ports[1]);
        }
        catch (Exception hidden) when (hidden is IOException or UnauthorizedAccessException or FormatException or IndexOutOfRangeException)
        {
            return (1, ushort.MaxValue);
        }
    }
}
