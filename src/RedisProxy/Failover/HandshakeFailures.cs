using System.Diagnostics;
using System.Net;

using Microsoft.Extensions.Logging;

namespace RedisProxy.Failover;

/// <summary>Clients of one listener that could not be secured, for the log: a line in ten seconds, as anybody can cause them.</summary>
internal sealed class HandshakeFailures(string listener, ILogger log)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly Lock _reporting = new();
    private long _lastLine;
    private int _silent;

    /// <summary>Any loop.</summary>
    public void Report(IPEndPoint? client, string reason)
    {
        int others;
        lock (_reporting)
        {
            if (_lastLine != 0 && Stopwatch.GetElapsedTime(_lastLine) < Interval)
            {
                _silent++;
                return;
            }

            _lastLine = Stopwatch.GetTimestamp();
            others = _silent;
            _silent = 0;
        }

        DataPlaneLog.HandshakeFailed(log, listener, client?.ToString() ?? "a client", others, reason);
    }
}
