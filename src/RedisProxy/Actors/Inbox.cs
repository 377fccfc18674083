using System.Threading.Channels;

using Microsoft.Extensions.Logging;


namespace RedisProxy.Actors;

/// <summary>
/// Makes an object of the control plane an actor: everything that happens to it is posted here, from any thread, and handled one
/// message at a time, so its state needs no lock. A message that throws is logged and the next one is handled. Long-running work
/// runs beside it and posts its result; the inbox ends when all of that has ended.
/// </summary>
internal sealed class Inbox
{
    private readonly Channel<Action> _messages = Channel.CreateUnbounded<Action>(new UnboundedChannelOptions { SingleReader = true });
    private readonly List<Work> _work = [];
    private readonly ITimer _alarm;
    private readonly ILogger _logger;
    private CancellationToken _stop;

    /// <param name="onAlarm">The message of <see cref="WakeIn"/>.</param>
    /// <param name="time">The alarm's clock.</param>
    /// <param name="logger">Receives failures in messages.</param>
    public Inbox(Action onAlarm, TimeProvider time, ILogger logger)
    {
        _logger = logger;
        _alarm = time.CreateTimer(_ => Post(onAlarm), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void Post(Action message) => _messages.Writer.TryWrite(message);

    /// <summary>Sets the single alarm, replacing its previous setting; null turns it off. From messages only.</summary>
    public void WakeIn(TimeSpan? due)
    {
        // Timers round down to milliseconds, and a deadline must have passed when its alarm rings.
        TimeSpan rounded = due is { } wanted ? TimeSpan.FromMilliseconds(Math.Max(1, Math.Ceiling(wanted.TotalMilliseconds)))
            : Timeout.InfiniteTimeSpan;
        _alarm.Change(rounded, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Work beside the messages; stopped and awaited when the inbox ends. From messages only.</summary>
    public Work Start(Func<CancellationToken, Task> work)
    {
        _work.RemoveAll(one => one.TryDispose());
        var stop = CancellationTokenSource.CreateLinkedTokenSource(_stop);
        var started = new Work(stop, RunWorkAsync(work, stop.Token));
        _work.Add(started);
        return started;
    }

    /// <summary>Handles messages until stopped.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        _stop = stop;
        try
        {
            await foreach (Action message in _messages.Reader.ReadAllAsync(stop))
            {
                Handle(message);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await Task.WhenAll(_work.Select(one => one.Done));
        }

        _work.ForEach(one => one.TryDispose());
        await _alarm.DisposeAsync();
    }

    private void Handle(Action message)
    {
        try
        {
            message();
        }
        catch (Exception failure)
        {
            ActorLog.MessageFailed(_logger, failure);
        }
    }

    private async Task RunWorkAsync(Func<CancellationToken, Task> work, CancellationToken stop)
    {
        try
        {
            await Task.Yield();
            await work(stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Stopped, by its owner or with the inbox.
        }
        catch (Exception failure)
        {
            ActorLog.MessageFailed(_logger, failure);
        }
    }

    /// <summary>A piece of work in progress. Used from messages only.</summary>
    internal sealed class Work(CancellationTokenSource stop, Task done)
    {
        public Task Done => done;

        public void Stop()
        {
            if (!done.IsCompleted)
            {
                stop.Cancel();
            }
        }

        /// <summary>False while it is in progress.</summary>
        public bool TryDispose()
        {
            if (done.IsCompleted)
            {
                stop.Dispose();
            }

            return done.IsCompleted;
        }
    }
}
