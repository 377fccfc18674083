namespace RedisProxy.EventLoops;

/// <summary>
/// Options of every TCP socket of one side (tcp(7)). Keepalive probes keep an idle connection alive in firewalls and detect a dead
/// idle peer; they are not sent while data is unacknowledged, which the user timeout covers.
/// </summary>
/// <param name="KeepAliveTime">Silence before the first probe, in seconds.</param>
/// <param name="KeepAliveInterval">Seconds between probes.</param>
/// <param name="KeepAliveRetries">Unanswered probes before the connection is dropped.</param>
/// <param name="UserTimeoutMs">How long data may stay unacknowledged, in milliseconds; 0: the kernel's default.</param>
internal sealed record TcpSettings(int KeepAliveTime, int KeepAliveInterval, int KeepAliveRetries, int UserTimeoutMs);
