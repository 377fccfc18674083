using RedisProxy.CommandLine;
using RedisProxy.Hosting;

ShellContext shell = ShellContext.OfThisProcess();
var commandLine = new ProxyCommandLine(
    shell,
    ProxyHost.RunAsync,
    (options, logLevel, cancel) => CheckReport.RunAsync(options, logLevel, shell.Output, cancel));
return await commandLine.InvokeAsync(args);
