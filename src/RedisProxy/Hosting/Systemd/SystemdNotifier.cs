using System.Globalization;
using System.Net.Sockets;

namespace RedisProxy.Hosting;

/// <summary>
/// Notifies systemd of the service's state: sd_notify(3), one datagram each. Own code, because Microsoft.Extensions.Hosting.Systemd by
/// itself sends READY and STOPPING only, neither RELOADING nor WATCHDOG. Sends nothing without a supervisor that asks for it.
/// </summary>
internal sealed class SystemdNotifier : IDisposable
{
    // A supervisor that does not read, being stopped or overloaded, must not keep this process from ending.
    private const int SendTimeoutMs = 1000;

    private readonly TimeProvider _time;
    private readonly Socket? _socket;
    private volatile bool _isHandedOver;

    /// <param name="socketPath"><c>NOTIFY_SOCKET</c>: a path, or an abstract name after an @; null or empty: no notifications.</param>
    /// <param name="watchdogMicroseconds"><c>WATCHDOG_USEC</c></param>
    /// <param name="watchdogPid"><c>WATCHDOG_PID</c>: the process that the watchdog applies to.</param>
    /// <param name="time">On Linux its timestamps are those of CLOCK_MONOTONIC, which systemd requires.</param>
    public SystemdNotifier(string? socketPath, string? watchdogMicroseconds, string? watchdogPid, TimeProvider time)
    {
        _time = time;
        if (string.IsNullOrEmpty(socketPath))
        {
            return;
        }

        _socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { SendTimeout = SendTimeoutMs };
        _socket.Connect(new UnixDomainSocketEndPoint(socketPath[0] == '@' ? '\0' + socketPath[1..] : socketPath));
        bool isAboutUs = string.IsNullOrEmpty(watchdogPid)
            || watchdogPid == Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        if (isAboutUs && long.TryParse(watchdogMicroseconds, NumberStyles.None, CultureInfo.InvariantCulture, out long limit) && limit > 0)
        {
            WatchdogTimeout = TimeSpan.FromMicroseconds(limit);
        }
    }

    /// <summary>The process is killed after this time without a notification; null: there is no watchdog.</summary>
    public TimeSpan? WatchdogTimeout { get; }

    /// <summary>There is a supervisor that asks for notifications, and this is its main process still.</summary>
    public bool IsHeard => _socket is not null && !_isHandedOver;

    /// <summary>Configured by the environment of this process.</summary>
    public static SystemdNotifier OfThisProcess(TimeProvider time) => new(
        Environment.GetEnvironmentVariable("NOTIFY_SOCKET"),
        Environment.GetEnvironmentVariable("WATCHDOG_USEC"),
        Environment.GetEnvironmentVariable("WATCHDOG_PID"),
        time);

    public void Ready(string status) => Send($"READY=1\nSTATUS={status}");

    /// <summary>The end of what <see cref="Reloading"/> began.</summary>
    public void Reloaded() => Send("READY=1");

    /// <summary>From now on that process is the service, and this one says no more: systemd would take its end for the service's.</summary>
    public void HandOver(int process)
    {
        Send(FormattableString.Invariant($"READY=1\nMAINPID={process}\nWATCHDOG=1"));
        _isHandedOver = true;
    }

    public void Reloading() => Send(FormattableString.Invariant(
        $"RELOADING=1\nMONOTONIC_USEC={_time.GetTimestamp() / (_time.TimestampFrequency / 1_000_000)}"));

    /// <param name="atMost">The maximum duration, whatever the unit allows.</param>
    /// <param name="status">For people.</param>
    public void Stopping(TimeSpan atMost, string status) =>
        Send(FormattableString.Invariant($"STOPPING=1\nEXTEND_TIMEOUT_USEC={(long)atMost.TotalMicroseconds}\nSTATUS={status}"));

    /// <summary>The process is healthy.</summary>
    public void FeedWatchdog(string status) => Send($"WATCHDOG=1\nSTATUS={status}");

    public void Dispose() => _socket?.Dispose();

    private void Send(string state)
    {
        if (!IsHeard)
        {
            return;
        }

        try
        {
            _socket!.Send(System.Text.Encoding.UTF8.GetBytes(state));
        }
        catch (SocketException)
        {
            // The receiver is gone, or does not read. That is no reason to stop serving.
        }
    }
}
