using System.Collections;

namespace RedisProxy.CommandLine;

/// <summary>The environment of a process besides its arguments. A value, so that tests can play the shell.</summary>
/// <param name="Output">For results.</param>
/// <param name="Error">For errors and advice.</param>
/// <param name="Environment">All variables.</param>
/// <param name="Directory">The base of relative paths.</param>
internal sealed record ShellContext(
    TextWriter Output, TextWriter Error, IReadOnlyDictionary<string, string> Environment, string Directory)
{
    /// <summary>How many lines the terminal has now; null: the output is not looked at as it is written.</summary>
    public Func<int?> RowsOfTerminal { get; init; } = static () => null;

    public static ShellContext OfThisProcess()
    {
        Dictionary<string, string> variables = System.Environment.GetEnvironmentVariables()
            .Cast<DictionaryEntry>()
            .ToDictionary(v => (string)v.Key, v => (string?)v.Value ?? "", StringComparer.Ordinal);
#pragma warning disable RS0030 // The command line is the one place that may write to the console, and this is where it gets it.
        return new ShellContext(Console.Out, Console.Error, variables, System.Environment.CurrentDirectory)
        {
            RowsOfTerminal = static () => Console.IsOutputRedirected ? null : Console.WindowHeight,
        };
#pragma warning restore RS0030
    }
}
