using System.CommandLine;
using System.CommandLine.Parsing;

using RedisProxy.Configuration;

namespace RedisProxy.CommandLine;

/// <summary>
/// Describes arguments that were not understood. Not the library's own text: it ends with the whole help, which hides the error, it names
/// types of .NET, and it repeats every stray word, which may be a password given to an option that does not exist.
/// </summary>
internal static class UsageErrors
{
    /// <summary>Empty when all was understood.</summary>
    public static IReadOnlyList<string> Describe(ParseResult arguments, Command root)
    {
        Command command = arguments.CommandResult.Command;
        string[] strays = [.. arguments.UnmatchedTokens];

        // The library takes a misspelt option for the command's argument.
        IEnumerable<string> taken = arguments.CommandResult.Children.OfType<ArgumentResult>()
            .SelectMany(argument => argument.Tokens).Select(token => token.Value);
        string[] unknown = [.. taken.Concat(strays).Where(word => word.StartsWith('-'))];
        if (unknown.Length > 0)
        {
            return [.. unknown.Select(option => UnknownOption(option.Split('=', ':')[0], command, root))];
        }

        if (strays.Length > 0)
        {
            return [.. strays.Select(word => command == root ? UnknownCommand(word, root) : StrayWord(word, command))];
        }

        string[] elsewhere = [.. MisplacedOptions(arguments, command, root)];
        return elsewhere.Length > 0 ? elsewhere : [.. arguments.Errors.Select(error => Describe(error, command)).Distinct()];
    }

    private static string UnknownOption(string name, Command command, Command root)
    {
        IEnumerable<string> known = command.Options.Concat(root.Options.Where(option => option.Recursive)).Select(option => option.Name);
        return $"{name} is not an option{(command == root ? "" : $" of {command.Name}")}{Hint(name, known)}";
    }

    private static string UnknownCommand(string word, Command root)
    {
        string hint = IsFile(word) ? $"; did you mean --config {word}?"
            : HostEndpoint.TryParsePort(word, out _) || BindAddress.TryParse(word, out _) ? $"; did you mean --listen {word}?"
            : Hint(word, root.Subcommands.Select(command => command.Name));
        return $"{QuotedValue.Of(word)} is not a command{hint}";
    }

    private static string StrayWord(string word, Command command)
    {
        string? option = IsFile(word) ? "--config" : DurationText.TryParse(word, out _) ? "--for" : null;
        string hint = command.Options.Any(known => known.Name == option) ? $"; did you mean {option} {word}?" : "";
        return command.Arguments.Count == 0
            ? $"{command.Name} takes no argument, but {QuotedValue.Of(word)} is given{hint}"
            : $"{command.Name} takes one <{command.Arguments[0].Name}>, but {QuotedValue.Of(word)} is given as well{hint}";
    }

    /// <summary>Options before the command belong to it, if it has them.</summary>
    private static IEnumerable<string> MisplacedOptions(ParseResult arguments, Command command, Command root) =>
        arguments.RootCommandResult.Children.OfType<OptionResult>()
            .Where(given => command != root && !given.Implicit && !given.Option.Recursive
                && command.Options.All(known => known.Name != given.Option.Name))
            .Select(given => $"{given.Option.Name} is not an option of {command.Name}");

    private static string Describe(ParseError error, Command command) => error.SymbolResult switch
    {
        OptionResult option => Describe(option, error),
        ArgumentResult { Parent: OptionResult option } => Describe(option, error),
        ArgumentResult { Tokens.Count: 0 } missing => Needs(command, missing.Argument),
        CommandResult when command.Arguments is [var missing] => Needs(command, missing),
        _ => error.Message.TrimEnd('.'),
    };

    private static string Describe(OptionResult given, ParseError error) => given.Tokens.Count switch
    {
        0 when given.Option.Arity.MinimumNumberOfValues > 0 =>
            $"{given.Option.Name} needs a value: {given.Option.Name} {given.Option.HelpName}",
        > 1 when given.Option.Arity.MaximumNumberOfValues == 1 => $"{given.Option.Name} is given {given.Tokens.Count} times; expected once",
        _ => error.Message.TrimEnd('.'),
    };

    private static string Needs(Command command, Argument missing) =>
        $"{command.Name} needs <{missing.Name}>: {char.ToLowerInvariant(missing.Description![0])}{missing.Description[1..].TrimEnd('.')}";

    private static bool IsFile(string word) => word.EndsWith(".json", StringComparison.OrdinalIgnoreCase);

    private static string Hint(string word, IEnumerable<string> known) =>
        Spelling.Nearest(word, known) is { } nearest ? $"; did you mean {nearest}?" : "";
}
