using System.Globalization;

using Microsoft.Extensions.Logging;

using RedisProxy.Configuration;
using RedisProxy.Hosting;
using RedisProxy.Topology;

namespace RedisProxy.CommandLine;

/// <summary>The <c>check</c> command: queries every Sentinel and prints their answers and the master that the proxy would use.</summary>
internal static class CheckReport
{
    /// <returns>An <see cref="ExitCode"/>: whether every master can be served now.</returns>
    public static async Task<int> RunAsync(ProxyOptions options, LogLevel logLevel, TextWriter output, CancellationToken cancel)
    {
        IReadOnlyList<MasterCheck>? checks = await OneShotCommand.TryAsync(
            options, logLevel, "check", output, (context, within) => TopologyCheck.RunAsync(options, context, within, cancel));
        if (checks is null)
        {
            return ExitCode.Failure;
        }

        foreach (MasterCheck check in checks)
        {
            await WriteAsync(check, options, output);
        }

        return checks.All(check => check.IsGood) ? ExitCode.Ok : ExitCode.Failure;
    }

    private static async Task WriteAsync(MasterCheck check, ProxyOptions options, TextWriter output)
    {
        await output.WriteLineAsync();
        await output.WriteLineAsync(check.MasterName);
        string[][] rows =
        [
            ["  Sentinel", "reports as master", "epoch", "flags"],
            .. check.Opinions.Select(opinion => Row(opinion, options)),
        ];
        if (check.Opinions.Count > 0)
        {
            await WriteTableAsync(rows, output);
        }

        await output.WriteLineAsync($"  master    {Describe(check)}");
        if (check.Probe is { } probe)
        {
            await output.WriteLineAsync($"  probe     {(probe.IsUp ? "takes requests" : probe.Detail)}");
        }

        if (check.Replicas.Count > 0)
        {
            IEnumerable<string> replicas = check.Replicas.Select(replica => replica.ToString()).Order(StringComparer.Ordinal);
            await output.WriteLineAsync($"  replicas  {string.Join(", ", replicas)}");
        }

        await output.WriteLineAsync($"  verdict   {(check.IsGood ? "can be served" : "can NOT be served now")}");
    }

    private static string[] Row(SentinelOpinion opinion, ProxyOptions options)
    {
        bool isConfigured = options.Sentinel!.Endpoints.Contains(opinion.Sentinel);
        string name = $"  {opinion.Sentinel}{(isConfigured ? "" : " (discovered)")}";
        if (!opinion.IsConnected || opinion.Master is null)
        {
            return [name, opinion.Error.Length > 0 ? $"- ({opinion.Error})" : "- (knows no such master)", "", ""];
        }

        string doubt = opinion.Error.Length > 0 ? $" ({opinion.Error})" : "";
        return [name, $"{opinion.Master}{doubt}", opinion.Epoch.ToString(CultureInfo.InvariantCulture), opinion.Flags];
    }

    private static string Describe(MasterCheck check)
    {
        if (check.Master is not { } master)
        {
            return $"none: {check.Reason}";
        }

        string announced = master.Announced.ToString() == master.Address.ToString() ? "" : $" (announced as {master.Announced})";
        string epoch = check.Opinions.Count == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", epoch {master.Epoch}");
        return $"{master.Address}{announced}{epoch} ({check.Reason})";
    }

    private static async Task WriteTableAsync(string[][] rows, TextWriter output)
    {
        int[] widths = [.. Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length))];
        foreach (string[] row in rows)
        {
            string line = string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column])));
            await output.WriteLineAsync(line.TrimEnd());
        }
    }
}
