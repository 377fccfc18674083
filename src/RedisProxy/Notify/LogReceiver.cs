using Microsoft.Extensions.Logging;

using RedisProxy.Configuration;

namespace RedisProxy.Notify;

/// <summary>The built-in receiver: the log, with a line for each message. Any thread.</summary>
internal sealed class LogReceiver(ILogger log)
{
    // The default of the other receivers.
    private static readonly TimeSpan StartedAfter = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly DeliveredOutages _delivered = new();

    public void Offer(Ongoing ongoing)
    {
        lock (_gate)
        {
            if (_delivered.IsDue(ongoing, StartedAfter))
            {
                Write(ongoing.Tell());
            }
        }
    }

    public void OfferEnd(long id, Func<Notification> tell)
    {
        lock (_gate)
        {
            if (_delivered.Contains(id))
            {
                Write(tell());
            }
        }
    }

    public void Forget(IEnumerable<long> ongoing)
    {
        lock (_gate)
        {
            _delivered.KeepOnly(ongoing);
        }
    }

    public void Write(Notification notification)
    {
        Action<ILogger, string>? write = notification.Event switch
        {
            NotifyEvent.FailoverStarted => NotifyLog.FailoverStarted,
            NotifyEvent.FailoverFinished => NotifyLog.FailoverFinished,
            NotifyEvent.FailoverAborted => NotifyLog.FailoverAborted,
            NotifyEvent.MasterDown => NotifyLog.MasterDown,
            NotifyEvent.MasterUp => NotifyLog.MasterUp,
            NotifyEvent.SentinelsLost => NotifyLog.SentinelsLost,
            NotifyEvent.SentinelsBack => NotifyLog.SentinelsBack,
            NotifyEvent.ReplicaUnhealthy => NotifyLog.ReplicaUnhealthy,
            NotifyEvent.ReplicaHealthy => NotifyLog.ReplicaHealthy,
            NotifyEvent.DriftFound => NotifyLog.DriftFound,
            NotifyEvent.DriftGone => NotifyLog.DriftGone,
            _ => null,
        };
        write?.Invoke(log, notification.Text);
    }
}
