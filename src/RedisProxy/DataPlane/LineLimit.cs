using System.Diagnostics;

namespace RedisProxy.DataPlane;

/// <summary>Limits log lines that clients can trigger: one of a kind in ten seconds. Any thread.</summary>
internal sealed class LineLimit
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private long _lastLine;
    private int _suppressed;

    /// <param name="others">Number of lines suppressed since the last one written.</param>
    public bool MayWrite(out int others)
    {
        lock (_lock)
        {
            others = _suppressed;
            if (_lastLine != 0 && Stopwatch.GetElapsedTime(_lastLine) < Interval)
            {
                _suppressed++;
                return false;
            }

            _lastLine = Stopwatch.GetTimestamp();
            _suppressed = 0;
            return true;
        }
    }
}
