using StackExchange.Redis;

namespace RedisProxy.Demo.Counter;

/// <summary>Increments one key, again and again, on one connection that it is given at its start.</summary>
/// <param name="redis">The application's connection.</param>
/// <param name="log">Gets what goes wrong.</param>
internal sealed class Counter(IConnectionMultiplexer redis, ILogger<Counter> log) : BackgroundService
{
    private const string Key = "counter";
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(10);
    private long _acknowledged;
    private long _unknown;
    private long _errors;

    /// <summary>What this process was told, and what the master has.</summary>
    public async Task<CounterState> ReadAsync() => new(
        Interlocked.Read(ref _acknowledged),
        (long)await redis.GetDatabase().StringGetAsync(Key),
        Interlocked.Read(ref _unknown),
        Interlocked.Read(ref _errors));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await redis.GetDatabase().StringIncrementAsync(Key);
                Interlocked.Increment(ref _acknowledged);
            }
            catch (RedisServerException e) when (e.Message.Contains("outcome of the command is unknown", StringComparison.Ordinal))
            {
                Interlocked.Increment(ref _unknown);
            }
            catch (Exception e) when (e is RedisException or TimeoutException)
            {
                Interlocked.Increment(ref _errors);
                CounterLog.Failed(log, e);
            }

            await Task.Delay(Pace, TimeProvider.System, stoppingToken);
        }
    }
}

/// <param name="Acknowledged">Increments that succeeded, as far as this process knows.</param>
/// <param name="Value">Of the key.</param>
/// <param name="Unknown">Increments that may have succeeded: their connection to the master was lost.</param>
/// <param name="Errors">All others.</param>
internal sealed record CounterState(long Acknowledged, long Value, long Unknown, long Errors);

internal static partial class CounterLog
{
    [LoggerMessage(1, LogLevel.Error, "An increment has failed")]
    public static partial void Failed(ILogger log, Exception error);
}
