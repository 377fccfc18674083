using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

using RedisProxy.Configuration;
using RedisProxy.DataPlane;

namespace RedisProxy.Admin;

/// <summary>
/// Pushes the metrics to a collector at an interval, and a last time when the sessions have ended. A slow or unreachable collector costs
/// the proxy nothing but a warning: one when it begins, not one per push. Counters are cumulative, so the next push that arrives includes
/// what the lost ones had.
/// </summary>
internal sealed class OtlpPush(
    OtlpOptions options, ProxyMetrics metrics, OtlpPushes pushes, Forwarder forwarder, TimeProvider time, ILogger<OtlpPush> log)
    : IHostedService, IDisposable
{
    // As for /metrics: a hung loop must not hide the metrics that reveal it.
    private static readonly TimeSpan MaxCountTime = TimeSpan.FromSeconds(1);

    /// <summary>How much the last push, and one in progress, may delay the exit of the process.</summary>
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
            // The content of the last push is lost. The process exits all the same.
        }
    }

    public void Dispose()
    {
        _stop.Dispose();

        // A pipeline still waiting for its collector ends with the process: disposing of it would block, too.
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

    // The exporter blocks its thread. On a pool thread that could delay the links to Sentinels, too.
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
