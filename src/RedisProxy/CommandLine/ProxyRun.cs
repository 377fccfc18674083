using Microsoft.Extensions.Logging;

using RedisProxy.Configuration;

namespace RedisProxy.CommandLine;

/// <summary>The input of a run.</summary>
/// <param name="Options">Validated.</param>
/// <param name="LogLevel">The minimum level.</param>
/// <param name="TakesOver">Another proxy may be running on the same addresses, and is to be replaced.</param>
/// <param name="ReadAgain">Reads the configuration again, from the same sources.</param>
internal sealed record ProxyRun(ProxyOptions Options, LogLevel LogLevel, bool TakesOver, Func<OptionsReading> ReadAgain);
