using Microsoft.Extensions.Logging;

using RedisProxy.Configuration;

namespace RedisProxy.CommandLine;

/// <summary>What is to be run.</summary>
/// <param name="Options">Valid.</param>
/// <param name="LogLevel">From which on is logged.</param>
/// <param name="TakesOver">Another proxy may run on the same addresses, and is to be replaced.</param>
/// <param name="ReadAgain">Reads the configuration anew, from where it was read.</param>
internal sealed record ProxyRun(ProxyOptions Options, LogLevel LogLevel, bool TakesOver, Func<OptionsReading> ReadAgain);
