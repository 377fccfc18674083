using System.Globalization;

namespace RedisProxy.EventLoops;

/// <summary>Limits that the operating system sets for this process or this machine.</summary>
internal static class SystemLimits
{
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
