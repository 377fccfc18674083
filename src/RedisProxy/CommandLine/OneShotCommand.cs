using Microsoft.Extensions.Logging;

using RedisProxy.Configuration;
using RedisProxy.Hosting;
using RedisProxy.Servers;
using RedisProxy.Transport;

namespace RedisProxy.CommandLine;

/// <summary>Common to the commands that ask every server once and print a report: logs, TLS, and a time limit.</summary>
internal static class OneShotCommand
{
    private static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(15);

    /// <param name="options">Of the deployment.</param>
    /// <param name="logLevel">As requested; at the default level nothing is logged, because the report is complete.</param>
    /// <param name="what">The command's name, for the timeout message.</param>
    /// <param name="output">Receives that message.</param>
    /// <param name="ask">Runs the command within the given time.</param>
    /// <returns>Null when it took too long, which has been reported.</returns>
    public static async Task<T?> TryAsync<T>(
        ProxyOptions options, LogLevel logLevel, string what, TextWriter output, Func<TopologyContext, TimeSpan, Task<T>> ask)
        where T : class
    {
        // More than the report is wanted only for troubleshooting.
        LogLevel level = logLevel < LogLevel.Information ? logLevel : LogLevel.None;
        using ILoggerFactory loggers = LoggerFactory.Create(logging => ProxyHost.AddLogging(logging, level));
        using var tls = new TlsSetup(options);
        try
        {
            return await ask(ProxyHost.ContextOf(TimeProvider.System, loggers, tls), MaxTime);
        }
        catch (TimeoutException late)
        {
            await output.WriteLineAsync($"The {what} timed out after {MaxTime.TotalSeconds:0} s: {late.Message}");
            return null;
        }
    }
}
