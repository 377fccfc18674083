using Microsoft.Extensions.Logging;

using RedisProxy.Configuration;
using RedisProxy.Hosting;
using RedisProxy.Servers;
using RedisProxy.Transport;

namespace RedisProxy.CommandLine;

/// <summary>What the commands that ask everybody once and say what they found have in common: logs, TLS, and a limit in time.</summary>
internal static class OneShotCommand
{
    private static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(15);

    /// <param name="options">Of the deployment.</param>
    /// <param name="logLevel">As wanted; at the usual one nothing is logged, because the report says it all.</param>
    /// <param name="what">What is done, for the sentence that says that it took too long.</param>
    /// <param name="output">Gets that sentence.</param>
    /// <param name="ask">Does it, within the given time.</param>
    /// <returns>Null when it took too long, which was said.</returns>
    public static async Task<T?> TryAsync<T>(
        ProxyOptions options, LogLevel logLevel, string what, TextWriter output, Func<TopologyContext, TimeSpan, Task<T>> ask)
        where T : class
    {
        // More than the report is wanted by somebody who looks for a reason.
        LogLevel level = logLevel < LogLevel.Information ? logLevel : LogLevel.None;
        using ILoggerFactory loggers = LoggerFactory.Create(logging => ProxyHost.AddLogging(logging, level));
        using var tls = new TlsSetup(options);
        try
        {
            return await ask(ProxyHost.ContextOf(TimeProvider.System, loggers, tls), MaxTime);
        }
        catch (TimeoutException late)
        {
            await output.WriteLineAsync($"The {what} was given up after {MaxTime.TotalSeconds:0} s: {late.Message}");
            return null;
        }
    }
}
