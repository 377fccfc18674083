using System.Threading.Channels;

using Microsoft.Extensions.Logging;

using RedisProxy.Actors;
using RedisProxy.Configuration;

namespace RedisProxy.Notify;

/// <summary>
/// One of <c>notify[]</c>: a filter, a rate limit, a bounded queue, and a task that delivers from it, one message at a time. Offering a
/// message never blocks; messages that do not fit are counted, and the next message reports them. An unreachable receiver loses its own
/// messages and affects no one else.
/// </summary>
internal sealed class Receiver : IDisposable
{
    /// <summary>The maximum number of messages waiting for one receiver.</summary>
    public const int MaxQueue = 100;

    private readonly Channel<Notification> _queue = Channel.CreateBounded<Notification>(
        new BoundedChannelOptions(MaxQueue) { SingleReader = true });

    private readonly Lock _gate = new();
    private readonly DropCounter _dropped = new();
    private readonly DeliveredOutages _delivered = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<NotifyOptions, ISender> _makeSender;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private NotifyOptions _options;
    private TokenBucket _bucket;
    private volatile ISender _sender;
    private long _failedInRow;

    public Receiver(
        NotifyOptions options, Func<NotifyOptions, ISender> makeSender, ReceiverCounts counts, TimeProvider time, ILogger log)
    {
        _options = options;
        _makeSender = makeSender;
        _time = time;
        _log = log;
        _sender = makeSender(options);
        _bucket = new TokenBucket(options.RateLimit, time);
        Counts = counts;
        Delivering = DeliverAsync(_stop.Token);
    }

    public string Name => _options.Name;

    public NotifyOptions Options => _options;

    public ReceiverCounts Counts { get; }

    /// <summary>Queued messages.</summary>
    public int Waiting => _queue.Reader.Count;

    /// <summary>Completes after <see cref="Finish"/>, when everything is delivered or given up; does not fail.</summary>
    public Task Delivering { get; }

    /// <summary>Uses other options from now on, for queued messages as well, beginning with the next attempt.</summary>
    public void Use(NotifyOptions options)
    {
        lock (_gate)
        {
            if (options.RateLimit != _options.RateLimit)
            {
                _bucket = new TokenBucket(options.RateLimit, _time);
            }

            _options = options;
            _sender = _makeSender(options);
        }
    }

    /// <summary>Queues the message if the receiver wants it. Any thread; never waits.</summary>
    public void Offer(Notification notification)
    {
        lock (_gate)
        {
            if (Wants(notification.Event, notification.Master))
            {
                Enqueue(notification);
            }
        }
    }

    /// <summary>Something that lasts, to be reported once. Any thread; never waits.</summary>
    public void Offer(Ongoing ongoing)
    {
        lock (_gate)
        {
            if (Wants(ongoing.Event, ongoing.Master) && _delivered.IsDue(ongoing, _options.StartedAfter))
            {
                Enqueue(ongoing.Tell());
            }
        }
    }

    /// <summary>The end of something that may have been reported. Any thread; never waits.</summary>
    public void OfferEnd(long id, TimeSpan lasted, Func<Notification> tell)
    {
        lock (_gate)
        {
            // A receiver not subscribed to the loss still gets the end of one that it would have been notified of.
            Notification notification = tell();
            bool isMissed = !Wants(NotifyEvent.SentinelsLost, notification.Master) && lasted >= _options.StartedAfter;
            if (Wants(notification.Event, notification.Master) && (_delivered.Contains(id) || isMissed))
            {
                Enqueue(notification);
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

    /// <summary>One attempt at once, bypassing the queue and the rate limit.</summary>
    public async Task<Attempt> TestAsync(Notification notification, CancellationToken stop)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, _stop.Token);
        var message = new Message(notification, NotificationJson.Write(notification, DroppedCounts.Nothing));
        Attempt attempt = await TryOnceAsync(message, 1, either.Token);
        Counts.Add(attempt.End == AttemptEnd.Done ? NotifyOutcome.Sent : NotifyOutcome.Failed);
        return attempt;
    }

    /// <summary>Accepts no more messages; queued ones are still delivered.</summary>
    public void Finish() => _queue.Writer.TryComplete();

    /// <summary>Abandons queued messages, and attempts in progress.</summary>
    public void Stop()
    {
        Finish();
        _stop.Cancel();
    }

    public void Dispose() => _stop.Dispose();

    private bool Wants(NotifyEvent one, string? master) => _options.Events.Contains(one)
        && (master is null || _options.Masters.Count == 0 || _options.Masters.Contains(master));

    private void Enqueue(Notification notification)
    {
        string? why = !_bucket.TryTake() ? "rate limit exceeded" : !_queue.Writer.TryWrite(notification) ? "queue full" : null;
        if (why is not null)
        {
            _dropped.Add(notification.Event);
            Counts.Add(NotifyOutcome.Dropped);
            NotifyLog.Dropped(_log, Name, NotifyEvents.NameOf(notification.Event), why);
        }
    }

    private async Task DeliverAsync(CancellationToken stop)
    {
        await foreach (Notification notification in _queue.Reader.ReadAllAsync(CancellationToken.None))
        {
            DroppedCounts dropped = _dropped.Take();
            if (await TryDeliverAsync(new Message(notification, NotificationJson.Write(notification, dropped)), stop))
            {
                Counts.Add(NotifyOutcome.Sent);
                continue;
            }

            Counts.Add(NotifyOutcome.Failed);
            _dropped.PutBack(dropped);
            _dropped.Add(notification.Event);
        }
    }

    private async Task<bool> TryDeliverAsync(Message message, CancellationToken stop)
    {
        string what = NotifyEvents.NameOf(message.Notification.Event);
        Attempt last = new(AttemptEnd.Failed, "the proxy is stopping");
        ISender sender = _sender;
        var backoff = new Backoff(sender.FirstPause, sender.MaxPause);
        int attempt = 0;
        try
        {
            while (!stop.IsCancellationRequested)
            {
                attempt++;
                last = await TryOnceAsync(message, attempt, stop);
                if (last.End == AttemptEnd.Done)
                {
                    NotifyLog.Sent(_log, Interlocked.Exchange(ref _failedInRow, 0) > 0 ? LogLevel.Information : LogLevel.Debug,
                        Name, what, last.Detail, attempt);
                    return true;
                }

                // The options may have changed meanwhile.
                sender = _sender;
                if (last.End == AttemptEnd.Refused || attempt >= sender.MaxAttempts)
                {
                    Interlocked.Increment(ref _failedInRow);
                    NotifyLog.Failed(_log, Name, what, last.Detail, attempt);
                    return false;
                }

                TimeSpan pause = PauseOf(last, backoff, sender);
                NotifyLog.TriesAgain(_log, Name, what, last.Detail, pause);
                await Task.Delay(pause, _time, stop);
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }

        NotifyLog.Failed(_log, Name, what, $"given up at shutdown: {last.Detail}", attempt);
        return false;
    }

    private static TimeSpan PauseOf(Attempt last, Backoff backoff, ISender sender)
    {
        TimeSpan pause = backoff.Next();
        return last.RetryAfter is { } wanted && wanted > pause ? wanted < sender.MaxPause ? wanted : sender.MaxPause : pause;
    }

    private async Task<Attempt> TryOnceAsync(Message message, int attempt, CancellationToken stop)
    {
        try
        {
            return await _sender.TryAsync(message, attempt, stop);
        }
        catch (Exception failure) when (failure is not OperationCanceledException || !stop.IsCancellationRequested)
        {
            // Whatever the failure: the next message is still tried.
            return new Attempt(AttemptEnd.Failed, failure.Message);
        }
    }
}
