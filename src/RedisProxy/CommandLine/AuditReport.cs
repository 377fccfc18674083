using System.Text.Json;

using Microsoft.Extensions.Logging;

using RedisProxy.Audit;
using RedisProxy.Configuration;

namespace RedisProxy.CommandLine;

/// <summary>The <c>audit</c> command: what would break at the next failover, as text or JSON.</summary>
internal static class AuditReport
{
    private const int Ok = 0;
    private const int Failed = 1;
    private const int Warnings = 4;
    private const int Critical = 5;

    /// <returns>By the worst finding: 0, 4 or 5; 1 when it could not be made.</returns>
    public static async Task<int> RunAsync(
        ProxyOptions options, LogLevel logLevel, bool isJson, TextWriter output, CancellationToken cancel)
    {
        IReadOnlyList<AuditResult>? results = await OneShotCommand.TryAsync(
            options, logLevel, "audit", output, (context, within) => DeploymentAudit.RunAsync(options, context, within, cancel));
        if (results is null)
        {
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
