using System.CommandLine;
using System.CommandLine.Completions;

namespace RedisProxy.CommandLine;

/// <summary>
/// The <c>completion</c> command: scripts by which shells complete commands, options and the values that can be listed. Made of the
/// commands themselves, like the help. They start no program, so completing costs nothing and works without a proxy.
/// </summary>
internal static class CompletionScripts
{
    private const string Files = "FILE";

    public static readonly string[] Shells = ["bash", "zsh", "fish"];

    public static string Of(string shell, Command root)
    {
        CompletedCommand[] commands = [CompletedCommand.Of(root, root), .. root.Subcommands.Select(one => CompletedCommand.Of(one, root))];
        string name = root.Name;
        return shell switch
        {
            "bash" => Bash(name, commands),
            "zsh" => Zsh(name, commands),
            _ => Fish(name, commands),
        };
    }

    private static string Bash(string name, CompletedCommand[] commands) => $$"""
        # Completion of {{name}} for bash: source this file, or put it into /etc/bash_completion.d.
        _{{name}}() {
            local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} command= words= i IFS=$' \t\n'
            for ((i = 1; i < COMP_CWORD; i++)); do
                case ${COMP_WORDS[i]} in
                {{Join("|", Names(commands))}}) command=${COMP_WORDS[i]}; break ;;
                esac
            done
            case $previous in
        {{Values(commands, (options, value) => value switch
        {
            Files => $"    {options}) IFS=$'\\n'; COMPREPLY=($(compgen -f -- \"$word\")); compopt -o filenames 2>/dev/null; return ;;",
            "" => $"    {options}) return ;;",
            _ => $"    {options}) COMPREPLY=($(compgen -W \"{value}\" -- \"$word\")); return ;;",
        })}}
            esac
            case $command in
        {{Lines(commands, one => $"    '{one.Name}') words=\"{Join(" ", one.Words.Select(word => word.Text))}\" ;;")}}
            esac
            COMPREPLY=($(compgen -W "$words" -- "$word"))
        }
        complete -F _{{name}} {{name}}

        """;

    private static string Zsh(string name, CompletedCommand[] commands) => $$"""
        #compdef {{name}}
        # Completion of {{name}} for zsh: source this file after compinit, or put it into a folder of $fpath as _{{name}}.
        _{{name}}() {
            local command i
            local -a found
            for ((i = 2; i < CURRENT; i++)); do
                case $words[i] in
                ({{Join("|", Names(commands))}}) command=$words[i]; break ;;
                esac
            done
            case $words[CURRENT-1] in
        {{Values(commands, (options, value) => value switch
        {
            Files => $"    ({options}) _files; return ;;",
            "" => $"    ({options}) return ;;",
            _ => $"    ({options}) compadd -- {value}; return ;;",
        })}}
            esac
            case $command in
        {{Lines(commands, one => $"    ('{one.Name}') found=({Join(" ", one.Words.Select(ZshWord))}) ;;")}}
            esac
            _describe -t words {{name}} found
        }
        if (( $+functions[compdef] )); then
            compdef _{{name}} {{name}}
        fi

        """;

    private static string Fish(string name, CompletedCommand[] commands) => $$"""
        # Completion of {{name}} for fish: put it into ~/.config/fish/completions/{{name}}.fish.
        function __{{name}}_in
            set -l command ''
            for word in (commandline -opc)[2..]
                if contains -- $word {{Join(" ", Names(commands))}}
                    set command $word
                    break
                end
            end
            test "$command" = "$argv[1]"
        end
        complete -c {{name}} -f
        {{Lines(commands, one => Join("\n", one.Words.Select(word =>
            $"complete -c {name} -n \"__{name}_in '{one.Name}'\" {FishWord(word)} -d {Quote(word.Description)}")))}}

        """;

    private static string ZshWord(CompletedWord word) => Quote($"{word.Text}:{word.Description}");

    private static string FishWord(CompletedWord word)
    {
        if (!word.IsOption)
        {
            return $"-a {word.Text}";
        }

        string value = word.Value switch
        {
            null => "",
            Files => " -r -F",
            "" => " -x",
            _ => $" -x -a {Quote(word.Value)}",
        };
        return $"{(word.Text.StartsWith("--", StringComparison.Ordinal) ? "-l" : "-s")} {word.Text.TrimStart('-')}{value}";
    }

    private static IEnumerable<string> Names(CompletedCommand[] commands) => commands.Select(one => one.Name).Where(one => one.Length > 0);

    /// <summary>A line for all options with the same kind of value.</summary>
    private static string Values(CompletedCommand[] commands, Func<string, string, string> line) => Join("\n", commands
        .SelectMany(one => one.Words)
        .Where(word => word.Value is not null)
        .GroupBy(word => word.Value!, word => word.Text)
        .Select(group => line(Join("|", group.Distinct()), group.Key)));

    private static string Lines(CompletedCommand[] commands, Func<CompletedCommand, string> line) => Join("\n", commands.Select(line));

    private static string Join(string separator, IEnumerable<string> parts) => string.Join(separator, parts);

    private static string Quote(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    /// <param name="Name">Empty: no command yet.</param>
    /// <param name="Words">What may come next.</param>
    private sealed record CompletedCommand(string Name, IReadOnlyList<CompletedWord> Words)
    {
        public static CompletedCommand Of(Command command, Command root) => new(command == root ? "" : command.Name,
        [
            .. command.Subcommands.Select(one => new CompletedWord(one.Name, one.Description!)),
            .. command.Arguments.SelectMany(ChoicesOf).Select(choice => new CompletedWord(choice, command.Description!)),
            .. command.Options.Concat(root.Options.Where(option => option.Recursive)).Distinct().SelectMany(WordsOf),
        ]);

        private static IEnumerable<CompletedWord> WordsOf(Option option)
        {
            string? value = option.Arity.MaximumNumberOfValues == 0 || option.ValueType == typeof(bool) ? null
                : option.HelpName == Files ? Files
                : string.Join(' ', ChoicesOf(option));

            // Not -? and /h, which System.CommandLine has for help.
            return option.Aliases.Where(alias => alias is ['-', >= 'a' and <= 'z']).Prepend(option.Name)
                .Select(name => new CompletedWord(name, option.Description!) { IsOption = true, Value = value });
        }

        private static IEnumerable<string> ChoicesOf(Symbol symbol) =>
            symbol.GetCompletions(CompletionContext.Empty).Select(choice => choice.Label);
    }

    /// <param name="Text">What is typed.</param>
    /// <param name="Description">One line.</param>
    private sealed record CompletedWord(string Text, string Description)
    {
        public bool IsOption { get; init; }

        /// <summary>Of an option: <see cref="Files"/>, the possible values, or nothing that could be listed. Null: it has none.</summary>
        public string? Value { get; init; }
    }
}
