using System.Threading.Channels;

using Microsoft.Extensions.Logging;


namespace RedisProxy.Actors;

/// <summary>
/// What makes an object of the control plane an actor: whatever happens to it is posted here, from any thread, and handled one after
/// the other, so its state needs no lock. A message that throws is logged and the next one is handled. Work that takes time runs
/// beside it and posts its result; the inbox ends when all of that has ended.
/// </summary>
internal sealed class Inbox
{
    private readonly Channel<Action> _messages = Channel.CreateUnbounded<Action>(new UnboundedChannelOptions { SingleReader = true });
    private readonly List<Work> _work = [];
    private readonly ITimer _alarm;
    private readonly ILogger _logger;
    private CancellationToken _stop;

    /// <param name="onAlarm">The message of <see cref="WakeIn"/>.</param>
    /// <param name="time">Of the alarm.</param>
    /// <param name="logger">Gets what goes wrong in messages.</param>
    public Inbox(Action onAlarm, TimeProvider time, ILogger logger)
    {
        _logger = logger;
        _alarm = time.CreateTimer(_ => Post(onAlarm), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void Post(Action message) => _messages.Writer.TryWrite(message);

    /// <summary>Sets the one alarm, instead of what it was set to; null turns it off. From messages only.</summary>
    public void WakeIn(TimeSpan? due)
    {
        // Timers round down to milliseconds, and a deadline must have passed when its alarm rings.
        TimeSpan rounded = due is { } wanted ? TimeSpan.FromMilliseconds(Math.Max(1, Math.Ceiling(wanted.TotalMilliseconds)))
            : Timeout.InfiniteTimeSpan;
        _alarm.Change(rounded, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Work beside the messages; it is stopped and awaited when the inbox ends. From messages only.</summary>
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

    /// <summary>A piece of work under way. Used from messages only.</summary>
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

        /// <summary>False while it is under way.</summary>
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
