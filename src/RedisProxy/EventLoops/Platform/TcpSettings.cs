namespace RedisProxy.EventLoops;

/// <summary>
/// Options of every TCP socket of one side (tcp(7)). Keepalive probes keep an idle connection alive in firewalls and detect a dead
/// idle peer; they are not sent while data is unacknowledged, which the user timeout covers.
/// </summary>
/// <param name="KeepAliveTime">Silence before the first probe at the latest, in seconds; see <see cref="SpreadKeepAliveTime"/>.</param>
/// <param name="KeepAliveInterval">Seconds between probes.</param>
/// <param name="KeepAliveRetries">Unanswered probes before the connection is dropped.</param>
/// <param name="UserTimeoutMs">How long data may stay unacknowledged, in milliseconds; 0: the kernel's default.</param>
internal sealed record TcpSettings(int KeepAliveTime, int KeepAliveInterval, int KeepAliveRetries, int UserTimeoutMs)
{
    /// <summary>
    /// Spreads the first probes of connections that went idle together, as after a failover, over half of the time. Sent at once, most
    /// of thousands are lost: Linux queues 1000 packets for a CPU (net.core.netdev_max_backlog), and its timers of a minute expire
    /// together within some seconds.
    /// </summary>
    /// <param name="time">Silence before the first probe at the latest, in seconds.</param>
    /// <param name="socket">A number that differs from one socket to the next, such as its descriptor.</param>
    public static int SpreadKeepAliveTime(int time, int socket) => time - (int)((uint)socket % ((uint)time / 2 + 1));
}
