using Microsoft.Extensions.Logging;

namespace RedisProxy.DataPlane;

/// <summary>
/// A pause requested by an operator. It ends on request or by itself: an operator who forgets it must not cause an outage. Any thread.
/// </summary>
/// <param name="listener">For the log.</param>
/// <param name="time">Clock of its expiry.</param>
/// <param name="show">Called with its reason when it begins and with null when it ends.</param>
/// <param name="log">Of this layer.</param>
internal sealed class OperatorPause(string listener, TimeProvider time, Action<string?> show, ILogger log)
{
    /// <summary>The reason, if no other is given.</summary>
    public const string ByOperator = "paused by an operator";

    private readonly Lock _changing = new();
    private ITimer? _end;
    private long _number;

    public bool IsOn { get; private set; }

    /// <summary>Beginning it again restarts the time.</summary>
    public void Begin(TimeSpan atMost, string reason = ByOperator)
    {
        lock (_changing)
        {
            long number = ++_number;
            _end?.Dispose();
            _end = time.CreateTimer(_ => EndOf(number), null, atMost, Timeout.InfiniteTimeSpan);
            DataPlaneLog.Paused(log, listener, atMost);
            IsOn = true;
            show(reason);
        }
    }

    public void End()
    {
        lock (_changing)
        {
            EndOf(_number);
        }
    }

    // The timer of an earlier pause may fire while a new one begins, and wait for the lock: it must not end the new one.
    private void EndOf(long number)
    {
        lock (_changing)
        {
            if (number != _number || !IsOn)
            {
                return;
            }

            _end?.Dispose();
            DataPlaneLog.Resumed(log, listener);
            IsOn = false;
            show(null);
        }
    }
}
