using Microsoft.Extensions.Logging;

using RedisProxy.Configuration;

namespace RedisProxy.Hosting;

/// <summary>What is to be hosted.</summary>
/// <param name="Options">Valid.</param>
/// <param name="LogLevel">From which on is logged.</param>
/// <param name="TakesOver">Addresses may be shared with a proxy that is to be replaced by this one.</param>
/// <param name="ReadAgain">Reads the configuration anew.</param>
internal sealed record HostedRun(ProxyOptions Options, LogLevel LogLevel, bool TakesOver, Func<OptionsReading> ReadAgain);
