using System.Globalization;
using System.Net.Sockets;

namespace RedisProxy.Hosting;

/// <summary>
/// Tells systemd how the service is: sd_notify(3), one datagram each. Own code, because Microsoft.Extensions.Hosting.Systemd says READY and
/// STOPPING only, and neither reloads nor feeds the watchdog. Without a supervisor that asks for it, it says nothing.
/// </summary>
internal sealed class SystemdNotifier : IDisposable
{
    private readonly TimeProvider _time;
    private readonly Socket? _socket;

    /// <param name="socketPath"><c>NOTIFY_SOCKET</c>: a path, or an abstract name behind an @; null or empty: nobody asks.</param>
    /// <param name="watchdogMicroseconds"><c>WATCHDOG_USEC</c></param>
    /// <param name="watchdogPid"><c>WATCHDOG_PID</c>: whom the watchdog is about.</param>
    /// <param name="time">On Linux, its timestamps are those of CLOCK_MONOTONIC, which systemd wants.</param>
    public SystemdNotifier(string? socketPath, string? watchdogMicroseconds, string? watchdogPid, TimeProvider time)
    {
        _time = time;
        if (string.IsNullOrEmpty(socketPath))
        {
            return;
        }

        _socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        _socket.Connect(new UnixDomainSocketEndPoint(socketPath[0] == '@' ? '\0' + socketPath[1..] : socketPath));
        bool isAboutUs = string.IsNullOrEmpty(watchdogPid)
            || watchdogPid == Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        if (isAboutUs && long.TryParse(watchdogMicroseconds, NumberStyles.None, CultureInfo.InvariantCulture, out long limit) && limit > 0)
        {
            WatchdogTimeout = TimeSpan.FromMicroseconds(limit);
        }
    }

    /// <summary>The process is killed when it is not heard of for so long; null: there is no watchdog.</summary>
    public TimeSpan? WatchdogTimeout { get; }

    /// <summary>As the environment of this process says.</summary>
    public static SystemdNotifier OfThisProcess(TimeProvider time) => new(
        Environment.GetEnvironmentVariable("NOTIFY_SOCKET"),
        Environment.GetEnvironmentVariable("WATCHDOG_USEC"),
        Environment.GetEnvironmentVariable("WATCHDOG_PID"),
        time);

    public void Ready(string status) => Send($"READY=1\nSTATUS={status}");

    public void Reloading() => Send(FormattableString.Invariant(
        $"RELOADING=1\nMONOTONIC_USEC={_time.GetTimestamp() / (_time.TimestampFrequency / 1_000_000)}"));

    /// <param name="atMost">So long it may take, whatever the unit says.</param>
    /// <param name="status">For people.</param>
    public void Stopping(TimeSpan atMost, string status) =>
        Send(FormattableString.Invariant($"STOPPING=1\nEXTEND_TIMEOUT_USEC={(long)atMost.TotalMicroseconds}\nSTATUS={status}"));

    /// <summary>All is well.</summary>
    public void FeedWatchdog(string status) => Send($"WATCHDOG=1\nSTATUS={status}");

    public void Dispose() => _socket?.Dispose();

    private void Send(string state)
    {
        try
        {
            _socket?.Send(System.Text.Encoding.UTF8.GetBytes(state));
        }
        catch (SocketException)
        {
            // Nobody listens any more. That is no reason to stop serving.
        }
    }
}
