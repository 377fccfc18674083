using System.Collections.Concurrent;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.CommandLine;

/// <summary>The scripts of <c>completion</c>, run by the shells that they are for.</summary>
public sealed class CompletionTests
{
    private const string AllCommands =
        "check audit config health status sessions slowlog hotkeys pause resume failover notify-test drain reload "
        + "kill schema completion help version";

    private const string OfRun = "--config -c --listen --sentinel --master --backend --admin --loops --log-level";

    private static readonly ConcurrentDictionary<string, Task<string>> Scripts = new();

    /// <summary>What has been typed, the last word unfinished, and what may become of that word.</summary>
    public static TheoryData<string, string> Lines => new()
    {
        { "c", "check config completion" },
        { "ki", "kill" },
        { "--li", "--listen" },
        { "--admin 9180 st", "status" },
        { "kill --", "--token-file --config --admin --help" },
        { "check --l", "--listen --loops --log-level" },
        { "status --j", "--json" },
        { "failover --d", "--dry-run" },
        { "pause --d", "--dry-run" },
        { "--log-level ", "trace debug info warning error none" },
        { "check --log-level w", "warning" },
        { "--log-format ", "text json" },
        { "sessions --phase h", "holding" },
        { "sessions --client ", "" },
        { "help f", "failover" },
        { "completion ", "bash zsh fish --help" },
        { "check --config pro", "proxy.json" },
    };

    [Theory]
    [MemberData(nameof(Lines))]
    public async Task Bash_Completes(string typed, string expected)
    {
        using TemporaryFolder folder = await ScriptsAsync("bash");
        string[] words = $"RedisProxy {typed}".Split(' ');
        string lines = await RunAsync(folder, "bash", "--norc", "-c", $$"""
            source ./script
            COMP_WORDS=({{string.Join(' ', words.Select(word => $"'{word}'"))}})
            COMP_CWORD={{words.Length - 1}}
            $(complete -p RedisProxy | sed 's/.*-F \([^ ]*\) .*/\1/')
            printf '%s\n' "${COMPREPLY[@]}"
            """);
        AssertWords(expected, lines, words[^1]);
    }

    [Fact]
    public async Task Bash_WithoutAWord_OffersEverything()
    {
        using TemporaryFolder folder = await ScriptsAsync("bash");
        string lines = await RunAsync(folder, "bash", "--norc", "-c", """
            source ./script
            COMP_WORDS=(RedisProxy '')
            COMP_CWORD=1
            _RedisProxy
            printf '%s\n' "${COMPREPLY[@]}"
            """);
        AssertWords($"{AllCommands} {OfRun} --log-format --take-over --version --help -h", lines, "");
    }

    [Fact]
    public async Task Bash_FileWithABlank_IsOneWord()
    {
        using TemporaryFolder folder = await ScriptsAsync("bash");
        await File.WriteAllTextAsync(folder.File("my proxy.json"), "{}");
        string lines = await RunAsync(folder, "bash", "--norc", "-c", """
            source ./script
            COMP_WORDS=(RedisProxy --config my)
            COMP_CWORD=2
            _RedisProxy
            printf '%s\n' "${COMPREPLY[@]}"
            """);
        Assert.Equal("my proxy.json", lines.TrimEnd('\n'));
    }

    /// <summary>With zsh's own functions replaced by ones that print: its completion needs a terminal.</summary>
    [ShellTheory("zsh")]
    [MemberData(nameof(Lines))]
    public async Task Zsh_Completes(string typed, string expected)
    {
        using TemporaryFolder folder = await ScriptsAsync("zsh");
        string[] words = $"RedisProxy {typed}".Split(' ');
        string lines = await RunAsync(folder, "zsh", "-f", "-c", $$"""
            _describe() { print -l -- ${(P)${@[-1]}%%:*} }
            _files() { print -l -- * }
            compadd() { print -l -- ${@:2} }
            source ./script
            words=({{string.Join(' ', words.Select(word => $"'{word}'"))}})
            CURRENT={{words.Length}}
            _RedisProxy
            """);
        string[] matching = [.. lines.Split('\n').Where(line => line.StartsWith(words[^1], StringComparison.Ordinal))];
        AssertWords(expected, string.Join('\n', matching), words[^1]);
    }

    [ShellTheory("fish")]
    [MemberData(nameof(Lines))]
    public async Task Fish_Completes(string typed, string expected)
    {
        using TemporaryFolder folder = await ScriptsAsync("fish");
        string lines = await RunAsync(
            folder, "fish", "--no-config", "-c", $"source ./script; complete -C 'RedisProxy {typed}' | string split -f1 \\t");
        AssertWords(expected.Replace(" -c", "", StringComparison.Ordinal), lines, typed.Split(' ')[^1]);
    }

    private static void AssertWords(string expected, string lines, string word)
    {
        // A shell that offers options only for a word that begins like one is right as well, and so is -h beside --help.
        string[] found = [.. lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(one => word.Length > 0 || one[0] != '-')];
        string[] wanted = [.. expected.Split(' ', StringSplitOptions.RemoveEmptyEntries).Where(one => word.Length > 0 || one[0] != '-')];
        Assert.Equal(wanted.Order(), found.Order());
    }

    /// <summary>A folder with the script, and with a file to complete.</summary>
    private static async Task<TemporaryFolder> ScriptsAsync(string shell)
    {
        var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.File("script"), await Scripts.GetOrAdd(shell, PrintAsync));
        await File.WriteAllTextAsync(folder.File("proxy.json"), "{}");
        return folder;
    }

    private static async Task<string> PrintAsync(string shell)
    {
        (int exitCode, string output, string error) = await ProcessRun.OfAsync(Path.GetTempPath(), "completion", shell);
        Assert.Equal((0, ""), (exitCode, error));
        return output;
    }

    private static async Task<string> RunAsync(TemporaryFolder folder, string shell, params string[] arguments)
    {
        var start = new System.Diagnostics.ProcessStartInfo(shell, arguments)
        {
            WorkingDirectory = folder.Path,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["HOME"] = folder.Path;
        using var process = System.Diagnostics.Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Assert.Equal("", await process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return await output;
    }

    /// <summary>Skipped where there is no such shell.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    private sealed class ShellTheoryAttribute : TheoryAttribute
    {
        public ShellTheoryAttribute(
            string shell,
            [System.Runtime.CompilerServices.CallerFilePath] string? file = null,
            [System.Runtime.CompilerServices.CallerLineNumber] int line = -1)
            : base(file, line) => Skip = File.Exists($"/usr/bin/{shell}") ? null : $"there is no {shell}";
    }
}
