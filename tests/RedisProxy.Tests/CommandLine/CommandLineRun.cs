using Microsoft.Extensions.Logging;

using RedisProxy.CommandLine;
using RedisProxy.Configuration;
using RedisProxy.Hosting;

namespace RedisProxy.Tests.CommandLine;

/// <summary>One invocation of the command line in a shell made up for it, and all that came of it.</summary>
/// <param name="Called"><c>run</c>, <c>check</c>, <c>audit</c>, <c>ask</c>, or null when none was called.</param>
/// <param name="Options">What it was called with, to run or to check.</param>
internal sealed record CommandLineRun(int ExitCode, string Output, string Error, string? Called, ProxyOptions? Options, LogLevel? LogLevel)
{
    /// <summary>Which proxy was asked, and what: <c>127.0.0.1:9180 status</c>.</summary>
    public string? Asked { get; private init; }

    public bool TakesOver { get; private init; }

    /// <summary>The audit was wanted as JSON.</summary>
    public bool IsJson { get; private init; }

    public static Task<CommandLineRun> OfAsync(params string[] args) =>
        OfAsync(Directory.GetCurrentDirectory(), [], _ => Task.FromResult(0), args);

    public static async Task<CommandLineRun> OfAsync(
        string directory,
        (string Name, string Value)[] environment,
        Func<CancellationToken, Task<int>> act,
        string[] args,
        CancellationToken cancellationToken = default)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        string? called = null;
        ProxyOptions? calledOptions = null;
        LogLevel? calledLevel = null;
        var shell = new ShellContext(output, error, environment.ToDictionary(v => v.Name, v => v.Value), directory);
        string? asked = null;
        bool takesOver = false;
        bool isJson = false;
        var commandLine = new ProxyCommandLine(shell, RecordRun, Record("check"), RecordAudit, RecordAsk);
        int exitCode = await commandLine.InvokeAsync(args, cancellationToken);
        return new CommandLineRun(exitCode, output.ToString(), error.ToString(), called, calledOptions, calledLevel) 
        {
            Asked = asked,
            TakesOver = takesOver,
            IsJson = isJson,
        };

        Task<int> RecordRun(HostedRun run, CancellationToken token)
        {
            takesOver = run.TakesOver;
            return Record("run")(run.Options, run.LogLevel, token);
        }

        Task<int> RecordAudit(ProxyOptions options, AuditRequest request, CancellationToken token)
        {
            isJson = request.IsJson;
            return Record("audit")(options, request.LogLevel, token);
        }

        Task<int> RecordAsk(BindAddress admin, AdminQuestion question, CancellationToken token)
        {
            called = "ask";
            asked = $"{(question.IsVerb ? "POST " : "")}{admin} {question.Path}"
                + (question.IsJson ? " as JSON" : "") + (question.Token is { } shown ? $" with {shown}" : "");
            return act(token);
        }

        Func<ProxyOptions, LogLevel, CancellationToken, Task<int>> Record(string name) => (options, logLevel, token) =>
        {
            called = name;
            calledOptions = options;
            calledLevel = logLevel;
            return act(token);
        };
    }
}
