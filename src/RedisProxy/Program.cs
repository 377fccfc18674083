using RedisProxy.CommandLine;
using RedisProxy.Hosting;

ShellContext shell = ShellContext.OfThisProcess();
var commandLine = new ProxyCommandLine(
    shell,
    ProxyHost.RunAsync,
    (options, logLevel, cancel) => CheckReport.RunAsync(options, logLevel, shell.Output, cancel),
    (options, request, cancel) => AuditReport.RunAsync(options, request.LogLevel, request.IsJson, shell.Output, cancel),
    (admin, question, cancel) => question.IsWatched
        ? StatusWatch.RunAsync(admin, question, shell.Output, shell.RowsOfTerminal, cancel)
        : AdminClient.AskAsync(admin, question, shell.Output, shell.Error, cancel));
return await commandLine.InvokeAsync(args);
