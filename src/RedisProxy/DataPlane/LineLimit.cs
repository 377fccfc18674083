using System.Diagnostics;

namespace RedisProxy.DataPlane;

/// <summary>Lines of one kind in the log that anybody can cause: one in ten seconds. Any thread.</summary>
internal sealed class LineLimit
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private long _lastLine;
    private int _silent;

    /// <param name="others">So many were not written since the last one that was.</param>
    public bool MayWrite(out int others)
    {
        lock (_lock)
        {
            others = _silent;
            if (_lastLine != 0 && Stopwatch.GetElapsedTime(_lastLine) < Interval)
            {
                _silent++;
                return false;
            }

            _lastLine = Stopwatch.GetTimestamp();
            _silent = 0;
            return true;
        }
    }
}
