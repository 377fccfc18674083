using Microsoft.Extensions.Logging;

using RedisProxy.CommandLine;
using RedisProxy.Configuration;
using RedisProxy.Hosting;

ShellContext shell = ShellContext.OfThisProcess();
return await new ProxyCommandLine(shell, ProxyHost.RunAsync, CheckAsync).InvokeAsync(args);

static Task<int> CheckAsync(ProxyOptions options, LogLevel logLevel, CancellationToken cancellationToken) =>
    Task.FromResult(ExitCode.Failure);
