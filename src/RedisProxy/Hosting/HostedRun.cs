using Microsoft.Extensions.Logging;

using RedisProxy.Configuration;

namespace RedisProxy.Hosting;

/// <summary>What to host.</summary>
/// <param name="Reading">Without errors.</param>
/// <param name="LogLevel">The minimum level to log.</param>
/// <param name="TakesOver">Addresses may be shared with a running proxy that this one replaces.</param>
/// <param name="ReadAgain">Reads the configuration again from its source.</param>
/// <param name="Sources">That source.</param>
internal sealed record HostedRun(
    OptionsReading Reading, LogLevel LogLevel, bool TakesOver, Func<OptionsReading> ReadAgain, Func<OptionSources> Sources)
{
    public ProxyOptions Options => Reading.Options!;

    /// <summary>The log is one JSON object on each line, not text.</summary>
    public bool LogsJson { get; init; }
}
