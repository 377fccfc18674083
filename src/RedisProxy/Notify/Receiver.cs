using System.Threading.Channels;

using Microsoft.Extensions.Logging;

using RedisProxy.Actors;
using RedisProxy.Configuration;

namespace RedisProxy.Notify;

/// <summary>
/// One of <c>notify[]</c>: a filter, a rate limit, a bounded queue, and a task that delivers from it, one message after the other. Whoever
/// offers a message never waits; what there is no room for is counted, and said in the next message. A receiver that is away costs the
/// messages that were meant for it, and nobody else anything.
/// </summary>
internal sealed class Receiver : IDisposable
{
    /// <summary>So many messages may wait for one receiver.</summary>
    public const int MaxQueue = 100;

    private readonly Channel<Notification> _queue = Channel.CreateBounded<Notification>(
        new BoundedChannelOptions(MaxQueue) { SingleReader = true });

    private readonly Lock _gate = new();
    private readonly LeftOutCounter _leftOut = new();
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

    /// <summary>Messages that wait.</summary>
    public int Waiting => _queue.Reader.Count;

    /// <summary>Ends after <see cref="Finish"/>, when all is delivered or given up; does not fail.</summary>
    public Task Delivering { get; }

    /// <summary>Other options from now on, for what waits as well: the next attempt goes the new way.</summary>
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

    /// <summary>It gets the message if it wants it. Any thread; never waits.</summary>
    public void Offer(Notification told)
    {
        lock (_gate)
        {
            if (Wants(told.Event, told.Master))
            {
                Enqueue(told);
            }
        }
    }

    /// <summary>Something that lasts, of which it is told once. Any thread; never waits.</summary>
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

    /// <summary>The end of something that it may have been told of. Any thread; never waits.</summary>
    public void OfferEnd(long id, TimeSpan lasted, Func<Notification> tell)
    {
        lock (_gate)
        {
            // Who does not want to hear of beginnings hears of the ends of what would have been told.
            Notification told = tell();
            bool isMissed = !Wants(NotifyEvent.SentinelsLost, told.Master) && lasted >= _options.StartedAfter;
            if (Wants(told.Event, told.Master) && (_delivered.Contains(id) || isMissed))
            {
                Enqueue(told);
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

    /// <summary>One attempt at once, beside the queue and the rate limit.</summary>
    public async Task<Attempt> TestAsync(Notification told, CancellationToken stop)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, _stop.Token);
        Attempt attempt = await TryOnceAsync(new Message(told, NotificationJson.Write(told, DroppedCounts.Nothing)), 1, either.Token);
        Counts.Add(attempt.End == AttemptEnd.Done ? NotifyOutcome.Sent : NotifyOutcome.Failed);
        return attempt;
    }

    /// <summary>Takes no more; what waits is still delivered.</summary>
    public void Finish() => _queue.Writer.TryComplete();

    /// <summary>Gives up what waits, and what is under way.</summary>
    public void Stop()
    {
        Finish();
        _stop.Cancel();
    }

    public void Dispose() => _stop.Dispose();

    private bool Wants(NotifyEvent one, string? master) => _options.Events.Contains(one)
        && (master is null || _options.Masters.Count == 0 || _options.Masters.Contains(master));

    private void Enqueue(Notification told)
    {
        string? why = !_bucket.TryTake() ? "its rate limit" : !_queue.Writer.TryWrite(told) ? "its queue is full" : null;
        if (why is not null)
        {
            _leftOut.Add(told.Event);
            Counts.Add(NotifyOutcome.Dropped);
            NotifyLog.Dropped(_log, Name, NotifyEvents.NameOf(told.Event), why);
        }
    }

    private async Task DeliverAsync(CancellationToken stop)
    {
        await foreach (Notification told in _queue.Reader.ReadAllAsync(CancellationToken.None))
        {
            DroppedCounts leftOut = _leftOut.Take();
            if (await TryDeliverAsync(new Message(told, NotificationJson.Write(told, leftOut)), stop))
            {
                Counts.Add(NotifyOutcome.Sent);
                continue;
            }

            Counts.Add(NotifyOutcome.Failed);
            _leftOut.PutBack(leftOut);
            _leftOut.Add(told.Event);
        }
    }

    private async Task<bool> TryDeliverAsync(Message message, CancellationToken stop)
    {
        string what = NotifyEvents.NameOf(message.Notification.Event);
        Attempt last = new(AttemptEnd.Failed, "the proxy stops");
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

        NotifyLog.Failed(_log, Name, what, $"given up at the stop: {last.Detail}", attempt);
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
            // Whatever it is: the next message is tried all the same.
            return new Attempt(AttemptEnd.Failed, failure.Message);
        }
    }
}
