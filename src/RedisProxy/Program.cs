using Microsoft.Extensions.Logging;

using RedisProxy.CommandLine;
using RedisProxy.Configuration;

ShellContext shell = ShellContext.OfThisProcess();
return await new ProxyCommandLine(shell, RunAsync, CheckAsync).InvokeAsync(args);

// Nothing serves yet.
static Task<int> RunAsync(ProxyOptions options, LogLevel logLevel, CancellationToken cancellationToken) =>
    Task.FromResult(ExitCode.Failure);

// Nobody asks the Sentinels yet.
static Task<int> CheckAsync(ProxyOptions options, LogLevel logLevel, CancellationToken cancellationToken) =>
    Task.FromResult(ExitCode.Failure);
