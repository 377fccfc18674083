using RedisProxy.CommandLine;
using RedisProxy.Hosting;

ShellContext shell = ShellContext.OfThisProcess();
var commandLine = new ProxyCommandLine(
    shell,
    (run, cancel) => ProxyHost.RunAsync(new HostedRun(run.Options, run.LogLevel, run.TakesOver, run.ReadAgain), cancel),
    (options, logLevel, cancel) => CheckReport.RunAsync(options, logLevel, shell.Output, cancel),
    (options, request, cancel) => AuditReport.RunAsync(options, request.LogLevel, request.IsJson, shell.Output, cancel),
    (admin, question, cancel) => AdminClient.AskAsync(
        admin, new AdminRequest(question.Path, question.IsJson, question.IsVerb, question.Token), shell.Output, shell.Error, cancel));
return await commandLine.InvokeAsync(args);
