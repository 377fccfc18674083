using System.CommandLine;

using RedisProxy.Configuration;
using RedisProxy.Hosting;

namespace RedisProxy.CommandLine;

/// <summary>Commands that tell something about the program itself, and need neither a configuration nor a proxy.</summary>
/// <param name="root">With all other commands, once they are invoked.</param>
/// <param name="output">For what they print.</param>
/// <param name="invoke">Runs another command line.</param>
internal sealed class InformationCommands(
    Command root, TextWriter output, Func<IReadOnlyList<string>, CancellationToken, Task<int>> invoke)
{
    private readonly Argument<string?> _command = new("command")
    {
        HelpName = "command",
        Description = "Default: the program as a whole.",
        Arity = ArgumentArity.ZeroOrOne,
        CompletionSources = { _ => root.Subcommands.Select(known => new System.CommandLine.Completions.CompletionItem(known.Name)) },
    };

    private readonly Argument<string> _shell = new("shell")
    {
        HelpName = "shell",
        Description = $"One of {string.Join(", ", CompletionScripts.Shells)}.",
        CompletionSources = { CompletionScripts.Shells },
        CustomParser = argument =>
        {
            string given = argument.Tokens.Count > 0 ? argument.Tokens[0].Value : "";
            if (!CompletionScripts.Shells.Contains(given))
            {
                string expected = QuotedValue.AnyOf(CompletionScripts.Shells);
                argument.AddError($"completion: {QuotedValue.Of(given)} is unknown; expected {expected}");
            }

            return given;
        },
    };

    public IEnumerable<Command> All
    {
        get
        {
            var schema = new Command("schema", HelpTexts.Schema);
            schema.SetAction((_, cancel) => WriteSchemaAsync(cancel));
            var completion = new Command("completion", HelpTexts.Completion) { _shell };
            completion.SetAction((arguments, _) => WriteAsync(CompletionScripts.Of(arguments.GetValue(_shell)!, root)));
            var help = new Command("help", HelpTexts.Help) { _command };
            help.SetAction((arguments, cancel) => HelpAsync(arguments.GetValue(_command), cancel));
            return [schema, completion, help, new Command("version", HelpTexts.Version) { Action = new ShowVersion() }];
        }
    }

    private async Task<int> WriteSchemaAsync(CancellationToken cancel)
    {
        using var schema = new StreamReader(typeof(InformationCommands).Assembly.GetManifestResourceStream("proxy.schema.json")!);
        return await WriteAsync(await schema.ReadToEndAsync(cancel));
    }

    private async Task<int> WriteAsync(string text)
    {
        await output.WriteAsync(text);
        return ExitCode.Ok;
    }

    /// <summary><c>help kill</c> is <c>kill --help</c>.</summary>
    private Task<int> HelpAsync(string? command, CancellationToken cancel) =>
        command is null ? invoke(["--help"], cancel)
        : root.Subcommands.Any(known => known.Name == command) ? invoke([command, "--help"], cancel)
        : invoke([command], cancel);
}
