using System.Text.Json;

using Microsoft.Extensions.Logging;

using RedisProxy.Audit;
using RedisProxy.Configuration;
using RedisProxy.Hosting;

namespace RedisProxy.CommandLine;

/// <summary>The <c>audit</c> command: what would break at the next failover, as text or JSON.</summary>
internal static class AuditReport
{
    /// <returns>An <see cref="ExitCode"/>: that of the most severe finding, or of an audit that could not be carried out.</returns>
    public static async Task<int> RunAsync(
        ProxyOptions options, LogLevel logLevel, bool isJson, TextWriter output, CancellationToken cancel)
    {
        IReadOnlyList<AuditResult>? results = await OneShotCommand.TryAsync(
            options, logLevel, "audit", output, (context, within) => DeploymentAudit.RunAsync(options, context, within, cancel));
        if (results is null)
        {
            return ExitCode.Failure;
        }

        await output.WriteAsync(
            isJson ? JsonSerializer.Serialize(AuditDocument.Of(results), AuditJson.Default.AuditDocument) + "\n" : AuditText.Of(results));
        return results.Max(result => result.Worst) switch
        {
            Severity.Critical => ExitCode.Critical,
            Severity.Warning => ExitCode.Warnings,
            _ => ExitCode.Ok,
        };
    }
}
