using System.CommandLine;
using System.CommandLine.Help;

using Microsoft.Extensions.Logging;

using RedisProxy.Configuration;
using RedisProxy.Hosting;

namespace RedisProxy.CommandLine;

/// <summary>
/// The program's command line: arguments in, exit code out. It reads and validates the configuration, and leaves the work to
/// four delegates, so it depends on nothing but the configuration. Results go to standard output, everything else to standard
/// error.
/// </summary>
internal sealed class ProxyCommandLine
{
    private readonly ShellContext _shell;
    private readonly Func<HostedRun, CancellationToken, Task<int>> _run;
    private readonly Func<ProxyOptions, LogLevel, CancellationToken, Task<int>> _check;
    private readonly Func<ProxyOptions, AuditRequest, CancellationToken, Task<int>> _audit;
    private readonly Func<BindAddress, AdminQuestion, CancellationToken, Task<int>> _ask;
    private readonly ConfigurationArguments _arguments = new();
    private readonly Option<bool> _takeOver = new("--take-over")
    {
        Description = "Replace a proxy of the same user that runs on these addresses: clients and their sessions come to this one; "
            + "stop the other (SIGTERM) once this one is ready. Without this option, an address in use is an error.",
    };

    private readonly Option<bool> _auditJson = new("--json") { Description = "As JSON, for programs." };

    private readonly Option<bool> _configJson = new("--json") { Description = "As JSON, for programs." };

    private readonly Command _root;

    /// <param name="shell">The calling shell.</param>
    /// <param name="run">
    /// Serves until the token is cancelled, which SIGINT and SIGTERM do, and then takes as long as it needs.
    /// Returns an <see cref="ExitCode"/>.
    /// </param>
    /// <param name="check">Asks the Sentinels, prints, and returns an <see cref="ExitCode"/>.</param>
    /// <param name="audit">Asks the Sentinels and the servers, prints, and returns an <see cref="ExitCode"/>.</param>
    /// <param name="ask">Asks the proxy with that admin address, prints, and returns an <see cref="ExitCode"/>.</param>
    public ProxyCommandLine(
        ShellContext shell,
        Func<HostedRun, CancellationToken, Task<int>> run,
        Func<ProxyOptions, LogLevel, CancellationToken, Task<int>> check,
        Func<ProxyOptions, AuditRequest, CancellationToken, Task<int>> audit,
        Func<BindAddress, AdminQuestion, CancellationToken, Task<int>> ask)
    {
        _shell = shell;
        _ask = ask;
        _run = run;
        _check = check;
        _audit = audit;
        _root = BuildCommands();
    }

    public async Task<int> InvokeAsync(IReadOnlyList<string> args, CancellationToken cancellationToken = default)
    {
        // No response files: an argument beginning with @ is an ordinary argument.
        ParseResult arguments = _root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        bool isHelpOrVersion = arguments.Action is HelpWithExamples
            || (arguments.Action is ShowVersion && arguments.CommandResult.Command == _root);
        if (!isHelpOrVersion && UsageErrors.Describe(arguments, _root) is { Count: > 0 } errors)
        {
            return await RefuseAsync(errors, arguments.CommandResult.Command);
        }

        return await arguments.InvokeAsync(
            new InvocationConfiguration
            {
                Output = _shell.Output,
                Error = _shell.Error,
                EnableDefaultExceptionHandler = false,

                // Signals cancel the token, and then the proxy drains for as long as configured; the library would allow it 2 s.
                ProcessTerminationTimeout = Timeout.InfiniteTimeSpan,
            },
            cancellationToken);
    }

    private async Task<int> RefuseAsync(IReadOnlyList<string> errors, Command command)
    {
        foreach (string error in errors)
        {
            await _shell.Error.WriteLineAsync($"{ShowVersion.ProgramName}: {error}");
        }

        await _shell.Error.WriteLineAsync(command == _root
            ? $"{ShowVersion.ProgramName} --help lists commands and options."
            : $"{ShowVersion.ProgramName} {command.Name} --help shows how to use it.");
        return ExitCode.BadConfiguration;
    }

    private Command BuildCommands()
    {
        var check = new Command("check", HelpTexts.Check);
        check.SetAction((arguments, cancellationToken) => ConfigureAsync(arguments, CheckAsync, cancellationToken));
        AddAll(check, _arguments.OfRun);

        var audit = new Command("audit", HelpTexts.Audit) { _auditJson };
        audit.SetAction((arguments, cancellationToken) => ConfigureAsync(
            arguments,
            (run, cancel) => _audit(run.Options, new AuditRequest(run.LogLevel, arguments.GetValue(_auditJson)), cancel),
            cancellationToken));
        AddAll(audit, _arguments.OfAudit);

        var config = new Command("config", HelpTexts.Config) { _configJson };
        config.SetAction((arguments, cancellationToken) => ConfigureAsync(
            arguments,
            (run, _) => ConfigReport.WriteAsync(run.Options, run.Sources(), arguments.GetValue(_configJson), _shell.Output),
            cancellationToken));
        AddAll(config, _arguments.OfRun);

        // Not a RootCommand: that one takes its name from the process, which differs under test and in a container.
        var root = new Command(ShowVersion.ProgramName, HelpTexts.Proxy) { check, audit, config };
        foreach ((Command command, Func<ParseResult, AdminQuestion> ask) in new AdminCommands().All)
        {
            command.SetAction((arguments, cancel) => AskAsync(arguments, ask(arguments), cancel));
            AddAll(command, _arguments.OfProxy);
            root.Add(command);
        }

        foreach (Command command in new InformationCommands(root, _shell.Output, InvokeAsync).All)
        {
            root.Add(command);
        }

        AddAll(root, _arguments.OfRun);
        root.Add(_arguments.LogFormat);
        root.Add(_takeOver);
        root.Add(new Option<bool>("--version") { Description = "Shows the version.", Action = new ShowVersion() });
        var helpOption = new HelpOption { Description = "Shows this help." };
        helpOption.Action = new HelpWithExamples((HelpAction)helpOption.Action!, command => HelpTexts.ExamplesOf(command.Name));
        root.Add(helpOption);
        root.SetAction((arguments, cancellationToken) => ConfigureAsync(arguments, _run, cancellationToken));
        return root;
    }

    private static void AddAll(Command command, IEnumerable<Option> options)
    {
        foreach (Option option in options)
        {
            command.Add(option);
        }
    }

    private async Task<int> AskAsync(ParseResult arguments, AdminQuestion question, CancellationToken cancellationToken)
    {
        string error = "";
        string? token = null;
        bool isTokenMissing = false;
        if (question.TokenFile is { } file)
        {
            token = SecretFile.Read(file, _shell.Directory, "token", out error);
            error = token is not null && BearerToken.Complaint(token) is { } complaint ? $"{QuotedValue.Of(file)} {complaint}" : error;
            isTokenMissing = error.Length > 0;
        }

        AdminOptions? admin = isTokenMissing ? null : _arguments.AdminOf(arguments, _shell, out error);
        if ((admin?.Bind ?? (question.IsHealth ? admin?.MetricsBind : null)) is not { } bind)
        {
            string reason = admin is null ? error : "the admin surface is turned off (admin.bind)";
            await _shell.Error.WriteLineAsync($"{ShowVersion.ProgramName}: {(isTokenMissing ? "--token-file: " : "")}{reason}");
            return ExitCode.BadConfiguration;
        }

        AdminQuestion asked = question with
        {
            Token = token ?? admin!.Token,
            IsSecure = admin!.Tls is not null,
            Certificate = admin.Tls?.Material.Certificate,
        };
        return await _ask(bind, asked, cancellationToken);
    }

    private async Task<int> ConfigureAsync(
        ParseResult arguments, Func<HostedRun, CancellationToken, Task<int>> act, CancellationToken cancellationToken)
    {
        OptionSources sources = _arguments.SourcesOf(arguments, _shell);
        OptionsReading reading = OptionsReader.Read(sources);
        foreach (string warning in reading.Warnings)
        {
            await _shell.Error.WriteLineAsync($"{ShowVersion.ProgramName}: warning: {warning}");
        }

        if (reading.Options is null)
        {
            await WriteErrorsAsync(reading, sources.File);
            return ExitCode.BadConfiguration;
        }

        try
        {
            var run = new HostedRun(
                reading,
                _arguments.LogLevelOf(arguments),
                arguments.GetValue(_takeOver),
                () => OptionsReader.Read(_arguments.SourcesOf(arguments, _shell)),
                () => _arguments.SourcesOf(arguments, _shell))
            {
                LogsJson = _arguments.LogsJson(arguments),
            };
            return await act(run, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCode.Ok;
        }
        catch (Exception e)
        {
            // With the stack: nothing caught this, so it is a bug, and this is the only trace of it.
            await _shell.Error.WriteLineAsync($"{ShowVersion.ProgramName}: {e}");
            return ExitCode.Failure;
        }
    }

    private async Task<int> CheckAsync(HostedRun run, CancellationToken cancellationToken)
    {
        await _shell.Output.WriteLineAsync("The configuration is valid.");
        try
        {
            return await _check(run.Options, run.LogLevel, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // A script that continues after a good check must not continue after half of one.
            return ExitCode.Failure;
        }
    }

    private async Task WriteErrorsAsync(OptionsReading reading, string? file)
    {
        if (reading.IsNothingGiven)
        {
            await _shell.Error.WriteLineAsync(HelpTexts.NothingConfigured);
            return;
        }

        string where = string.IsNullOrEmpty(file) ? "" : $" ({file})";
        string count = reading.Errors.Count == 1 ? "1 error" : $"{reading.Errors.Count} errors";
        await _shell.Error.WriteLineAsync($"{ShowVersion.ProgramName}: {count} in the configuration{where}:");
        foreach (string error in reading.Errors)
        {
            await _shell.Error.WriteLineAsync($"  {error}");
        }
    }
}

/// <param name="IsJson">Otherwise text for people.</param>
internal sealed record AuditRequest(LogLevel LogLevel, bool IsJson);
