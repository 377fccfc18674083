using RedisProxy.Hosting;
using RedisProxy.Tests.Configuration;

namespace RedisProxy.Tests.CommandLine;

/// <summary>What somebody sees who types something wrong, or asks how to type it right.</summary>
public sealed class UsageTests
{
    private static readonly string[] OfRun = "--config --listen --sentinel --master --backend --admin --loops --log-level".Split(' ');

    /// <summary>Each command with the options of its own.</summary>
    public static TheoryData<string, string> Commands => new()
    {
        { "check", string.Join(' ', OfRun) },
        { "audit", "--json --config --listen --sentinel --master --backend --log-level" },
        { "health", "--live --config --admin" },
        { "config", $"--json {string.Join(' ', OfRun)}" },
        { "status", "--json --watch --config --admin" },
        { "sessions", "--json --listener --phase --client --name --limit --config --admin" },
        { "slowlog", "--json --listener --limit --token-file --config --admin" },
        { "hotkeys", "--json --listener --limit --for --token-file --config --admin" },
        { "pause", "--for --dry-run --listener --token-file --config --admin" },
        { "resume", "--listener --token-file --config --admin" },
        { "failover", "--force --if-master --wait --dry-run --token-file --config --admin" },
        { "notify-test", "--token-file --config --admin" },
        { "drain", "--listener --token-file --config --admin" },
        { "reload", "--token-file --config --admin" },
        { "kill", "--token-file --config --admin" },
        { "schema", "" },
        { "completion", "" },
        { "help", "" },
        { "version", "" },
    };

    [Theory]
    [InlineData("--listn is not an option; did you mean --listen?", "--listn", "6380")]
    [InlineData("--password is not an option", "--password", "s3cret")]
    [InlineData("--password is not an option", "--password=s3cret")]
    [InlineData("\"chek\" is not a command; did you mean check?", "chek")]
    [InlineData("\"my.json\" is not a command; did you mean --config my.json?", "my.json")]
    [InlineData("\"6380\" is not a command; did you mean --listen 6380?", "6380")]
    [InlineData("\"0.0.0.0:6380\" is not a command; did you mean --listen 0.0.0.0:6380?", "0.0.0.0:6380")]
    [InlineData("\"@args\" is not a command", "@args")]
    [InlineData("\"statsu\" is not a command; did you mean status?", "help", "statsu")]
    [InlineData("--log-format: \"xml\" is unknown; expected \"text\" or \"json\"", "--log-format", "xml")]
    [InlineData("--listen needs a value: --listen ADDRESS", "--listen")]
    [InlineData("--sentinel needs a value: --sentinel HOST:PORT", "--sentinel")]
    [InlineData("--listen is given 2 times; expected once", "--listen", "1", "--listen", "2")]
    [InlineData(
        "--log-level: \"loud\" is unknown; expected \"trace\", \"debug\", \"info\", \"warning\", \"error\" or \"none\"",
        "--log-level",
        "loud")]
    public async Task Usage_Wrong_IsOneSentence(string sentence, params string[] args)
    {
        CommandLineRun run = await CommandLineRun.OfAsync(args);

        Assert.Equal((ExitCode.BadConfiguration, null, ""), (run.ExitCode, run.Called, run.Output));
        Assert.Equal($"RedisProxy: {sentence}\nRedisProxy --help lists commands and options.\n", run.Error);
    }

    [Theory]
    [InlineData("--lisen is not an option of check; did you mean --listen?", "check", "--lisen:6380")]
    [InlineData("--jsn is not an option of audit; did you mean --json?", "audit", "--jsn")]
    [InlineData("--listen is not an option of kill", "kill", "--listen", "6380", "1")]
    [InlineData("--forse is not an option of failover; did you mean --force?", "failover", "--forse")]
    [InlineData("--listen is not an option of kill", "--listen", "6380", "kill", "1")]
    [InlineData("--take-over is not an option of check", "--take-over", "check")]
    [InlineData("check takes no argument, but \"my.json\" is given; did you mean --config my.json?", "check", "my.json")]
    [InlineData("pause takes no argument, but \"3s\" is given; did you mean --for 3s?", "pause", "3s")]
    [InlineData("resume takes no argument, but \"3s\" is given", "resume", "3s")]
    [InlineData("status takes no argument, but \"extra\" is given", "status", "extra")]
    [InlineData("version takes no argument, but \"extra\" is given", "version", "extra")]
    [InlineData("failover takes one <master>, but \"b\" is given as well", "failover", "a", "b")]
    [InlineData("kill takes one <id>, but \"2\" is given as well", "kill", "1", "2")]
    [InlineData("kill needs <id>: the number of a session, as RedisProxy sessions lists it", "kill")]
    [InlineData("kill: \"abc\" is not valid; expected the number of a session, as RedisProxy sessions lists it", "kill", "abc")]
    [InlineData("-1 is not an option of kill", "kill", "-1")]
    [InlineData(
        "kill: \"99999999999999999999\" is not valid; expected the number of a session, as RedisProxy sessions lists it",
        "kill",
        "99999999999999999999")]
    [InlineData("--limit: \"-1\" is not valid; expected a whole number from 1", "slowlog", "--limit", "-1")]
    [InlineData("--limit: \"abc\" is not valid; expected a whole number from 1", "sessions", "--limit", "abc")]
    [InlineData("completion: \"tcsh\" is unknown; expected \"bash\", \"zsh\" or \"fish\"", "completion", "tcsh")]
    [InlineData("completion needs <shell>: one of bash, zsh, fish", "completion")]
    [InlineData("--for needs a value: --for DURATION", "pause", "--for")]
    [InlineData(
        "--dry-run and --wait contradict each other: a dry run does not wait for a better moment", "failover", "m", "--dry-run", "--wait")]
    [InlineData("--dryrun is not an option of failover; did you mean --dry-run?", "failover", "--dryrun")]
    [InlineData("--dry-run is not an option of resume", "resume", "--dry-run")]
    public async Task Usage_OfACommandWrong_PointsToItsHelp(string sentence, params string[] args)
    {
        CommandLineRun run = await CommandLineRun.OfAsync(args);

        Assert.Equal((ExitCode.BadConfiguration, null, ""), (run.ExitCode, run.Called, run.Output));
        string command = args.First(word => Commands.Any(row => row.Data.Item1 == word));
        Assert.Equal($"RedisProxy: {sentence}\nRedisProxy {command} --help shows how to use it.\n", run.Error);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("-h")]
    [InlineData("help")]
    [InlineData("--help", "--listen")]
    [InlineData("--help", "--nonsense")]
    [InlineData("check", "--help")]
    [InlineData("help", "check")]
    public async Task Help_Asked_GoesToStandardOutput(params string[] args)
    {
        CommandLineRun run = await CommandLineRun.OfAsync(args);

        Assert.Equal((ExitCode.Ok, null, ""), (run.ExitCode, run.Called, run.Error));
        Assert.All([.. OfRun, "Examples:", "codes:"], word => Assert.Contains(word, run.Output, StringComparison.Ordinal));
        string usage = args.Contains("check") ? "RedisProxy check [options]" : "RedisProxy [command] [options]";
        Assert.Contains(usage, run.Output, StringComparison.Ordinal);
        Assert.All(run.Output.Split('\n'), line => Assert.InRange(line.TrimEnd().Length, 0, 125));
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Help_OfACommand_ListsWhatItUsesAndNothingElse(string command, string options)
    {
        string help = (await CommandLineRun.OfAsync(command, "--help")).Output;
        string[] listed = [.. help.Split('\n')
            .Where(line => line.StartsWith("  -", StringComparison.Ordinal))
            .Select(line => line.Split(' ', ',').First(word => word.StartsWith("--", StringComparison.Ordinal)))];
        string[] expected = [.. options.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"];
        Assert.Equal(expected.Order(), listed.Order());

        // Of its examples each is of this command.
        Assert.All(
            help.Split('\n').Where(line => line.StartsWith("  RedisProxy ", StringComparison.Ordinal)),
            line => Assert.StartsWith($"  RedisProxy {command}", line, StringComparison.Ordinal));
        Assert.Equal(help, (await CommandLineRun.OfAsync("help", command)).Output);
    }

    [Fact]
    public async Task Help_OfTheProgram_HasEachCommand()
    {
        string help = (await CommandLineRun.OfAsync("help")).Output;
        string[] listed = [.. help.Split("Commands:")[1].Split("\n\n")[0].Split('\n')
            .Where(line => line.StartsWith("  ", StringComparison.Ordinal) && line[2] != ' ')
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[0])];
        Assert.Equal(Commands.Select(row => row.Data.Item1).Order(), listed.Order());
    }

    [Theory]
    [InlineData("--version")]
    [InlineData("version")]
    public async Task Version_Asked_GoesToStandardOutput(string word)
    {
        CommandLineRun run = await CommandLineRun.OfAsync(word);

        Assert.Equal((ExitCode.Ok, null, ""), (run.ExitCode, run.Called, run.Error));
        Assert.Matches(@"^RedisProxy \d+\.\d+\.\d+\n$", run.Output);
    }

    [Fact]
    public async Task Variable_ThatIsNotUsed_IsAWarningOfRunAndOfCheck()
    {
        using var directory = new ScratchDirectory();
        string[] good = ["--listen", "6380", "--backend", "127.0.0.1:6379"];
        foreach (string[] args in new[] { good, ["check", .. good] })
        {
            CommandLineRun run = await CommandLineRun.OfAsync(
                directory.Path, [("REDISPROXY_hold_timeout", "2s")], _ => Task.FromResult(ExitCode.Ok), args);

            Assert.Equal(ExitCode.Ok, run.ExitCode);
            Assert.Equal(
                "RedisProxy: warning: REDISPROXY_hold_timeout is not used; did you mean REDISPROXY_hold__timeout?\n", run.Error);
        }
    }
}
