using System.Text.Json;

using Microsoft.Extensions.Logging;

using RedisProxy.Audit;
using RedisProxy.Configuration;
using RedisProxy.Tls;
using RedisProxy.Topology;

namespace RedisProxy.Hosting;

/// <summary>The <c>audit</c> command: what would break at the next failover, for people or as JSON.</summary>
internal static class AuditReport
{
    private const int Ok = 0;
    private const int Failed = 1;
    private const int Warnings = 4;
    private const int Critical = 5;
    private static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(15);

    /// <returns>By the worst finding: 0, 4 or 5; 1 when it could not be made.</returns>
    public static async Task<int> RunAsync(
        ProxyOptions options, LogLevel logLevel, bool isJson, TextWriter output, CancellationToken cancel)
    {
        LogLevel level = logLevel < LogLevel.Information ? logLevel : LogLevel.None;
        using ILoggerFactory loggers = LoggerFactory.Create(logging => ProxyHost.AddLogging(logging, level));
        using var tls = new TlsSetup(options);
        IReadOnlyList<AuditResult> results;
        try
        {
            TopologyContext context = ProxyHost.ContextOf(TimeProvider.System, loggers, tls);
            results = await DeploymentAudit.RunAsync(options, context, MaxTime, cancel);
        }
        catch (TimeoutException late)
        {
            await output.WriteLineAsync($"The audit was given up after {MaxTime.TotalSeconds:0} s: {late.Message}");
            return Failed;
        }

        await output.WriteAsync(
            isJson ? JsonSerializer.Serialize(AuditDocument.Of(results), AuditJson.Default.AuditDocument) + "\n" : AuditText.Of(results));
        return results.Max(result => result.Worst) switch
        {
            Severity.Critical => Critical,
            Severity.Warning => Warnings,
            _ => Ok,
        };
    }
}
