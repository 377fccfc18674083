using Microsoft.Extensions.Logging;

using RedisProxy.Configuration;

namespace RedisProxy.Hosting;

/// <summary>The input of the host.</summary>
/// <param name="Options">Validated.</param>
/// <param name="LogLevel">The minimum level.</param>
/// <param name="TakesOver">Addresses may be shared with a proxy that this one replaces.</param>
/// <param name="ReadAgain">Reads the configuration again.</param>
internal sealed record HostedRun(ProxyOptions Options, LogLevel LogLevel, bool TakesOver, Func<OptionsReading> ReadAgain);
