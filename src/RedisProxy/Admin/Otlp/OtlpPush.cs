using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

using RedisProxy.Configuration;
using RedisProxy.DataPlane;

namespace RedisProxy.Admin;

/// <summary>
/// Pushes the metrics to a collector at an interval, and a last time when the sessions have ended. A collector that is slow or away costs
/// the proxy nothing but a warning: one when it begins, not one for each push. Counters are cumulative, so the next push that arrives says
/// what the lost ones had.
/// </summary>
internal sealed class OtlpPush(
    OtlpOptions options, ProxyMetrics metrics, OtlpPushes pushes, Forwarder forwarder, TimeProvider time, ILogger<OtlpPush> log)
    : IHostedService, IDisposable
{
    // As for /metrics: a loop that hangs must not hide the metrics that tell of it.
    private static readonly TimeSpan MaxCountTime = TimeSpan.FromSeconds(1);

    /// <summary>What the last push, and one that is under way, may add to the end of the process.</summary>
    private static readonly TimeSpan MaxFinishTime = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stop = new();
    private readonly Uri _endpoint = options.Endpoint ?? throw new ArgumentException("no endpoint", nameof(options));
    private Task _running = Task.CompletedTask;
    private Task _finished = Task.CompletedTask;
    private OtlpPipeline? _pipeline;
    private long _failedInRow;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _running = RunAsync();
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        _finished = FinishAsync();
        try
        {
            await _finished.WaitAsync(MaxFinishTime, time, CancellationToken.None);
        }
        catch (TimeoutException)
        {
            // What the last push would have said is lost. The process ends all the same.
        }
    }

    public void Dispose()
    {
        _stop.Dispose();

        // A pipeline that still waits for its collector ends with the process: to dispose of it would be to wait, too.
        if (_finished.IsCompleted)
        {
            _pipeline?.Dispose();
        }
    }

    private async Task RunAsync()
    {
        try
        {
            _pipeline = await OnOwnThreadAsync(() => new OtlpPipeline(options, metrics));
            OtlpLog.Begins(log, _endpoint, options.Interval);
            using var timer = new PeriodicTimer(options.Interval, time);
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                await forwarder.TryCountPendingAsync(MaxCountTime, time);
                Note(await OnOwnThreadAsync(_pipeline.Push));
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }
        catch (Exception error)
        {
            OtlpLog.Broke(log, error);
        }
    }

    private async Task FinishAsync()
    {
        await _running;
        if (_pipeline is { } pipeline)
        {
            Note(await OnOwnThreadAsync(pipeline.Finish));
        }
    }

    // The exporter waits where it is. On a thread of the pool that could keep the links to Sentinels waiting, too.
    private static Task<T> OnOwnThreadAsync<T>(Func<T> work) => Task.Factory.StartNew(
        work, CancellationToken.None, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);

    /// <param name="failure">Null: the push arrived.</param>
    private void Note(string? failure)
    {
        pushes.Add(isDone: failure is null);
        if (failure is null)
        {
            if (_failedInRow > 0)
            {
                OtlpLog.Recovered(log, _endpoint, _failedInRow);
            }

            _failedInRow = 0;
        }
        else if (_failedInRow++ == 0)
        {
            OtlpLog.Fails(log, _endpoint, failure, options.Interval);
        }
    }
}
