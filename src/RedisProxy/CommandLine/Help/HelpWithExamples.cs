using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

using RedisProxy.Hosting;

namespace RedisProxy.CommandLine;

/// <summary>The generated help, followed by what a list of options cannot express.</summary>
internal sealed class HelpWithExamples : SynchronousCommandLineAction
{
    private readonly HelpAction _generated;
    private readonly Func<Command, string> _examplesOf;

    public HelpWithExamples(HelpAction generated, Func<Command, string> examplesOf)
    {
        _generated = generated;
        _examplesOf = examplesOf;

        // Not the terminal's width: a log or a pipe has none, and lines would become as long as their text.
        _generated.MaxWidth = 110;
    }

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        _generated.Invoke(parseResult);
        parseResult.InvocationConfiguration.Output.WriteLine(_examplesOf(parseResult.CommandResult.Command));
        return ExitCode.Ok;
    }
}
