using System.Text.RegularExpressions;

using RedisProxy.Tests.CommandLine;
using RedisProxy.Tests.Configuration;
using RedisProxy.Tests.Deploy;
using RedisProxy.Tests.House;

namespace RedisProxy.Tests.Documentation;

/// <summary>What people read names only what there is: files, headings, tests, commands, paths, metrics, keys, log lines.</summary>
public sealed partial class DocumentTests
{
    private const string Guide = "docs/operations.md";

    private const string GoodConfiguration = """
        { "listeners": [ { "bind": "127.0.0.1:1", "master": "mymaster" } ],
          "sentinel": { "endpoints": [ "127.0.0.1:2" ] }, "admin": { "token": "t0ken" } }
        """;

    public static TheoryData<string> Documents => [.. Directory.GetFiles(SourceTree.Root, "*.md")
        .Concat(Directory.GetFiles(Path.Combine(SourceTree.Root, "docs"), "*.md"))
        .Select(file => Path.GetRelativePath(SourceTree.Root, file))
        .Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Documents))]
    public void Links_LeadToFilesAndHeadingsThatThereAre(string document)
    {
        string folder = Path.GetDirectoryName(Path.Combine(SourceTree.Root, document))!;
        foreach (Match link in Link().Matches(Read(document)))
        {
            string file = link.Groups["file"].Value;
            string target = file.Length == 0 ? Path.Combine(SourceTree.Root, document) : Path.Combine(folder, file);
            Assert.True(File.Exists(target) || Directory.Exists(target), $"{document}: {link.Value} leads nowhere");
            if (link.Groups["heading"].Value is { Length: > 0 } heading)
            {
                Assert.True(HeadingsOf(File.ReadAllText(target)).Contains(heading), $"{document}: {link.Value} names no heading");
            }
        }
    }

    [Fact]
    public void Threats_NameTestsThatThereAre()
    {
        string[] named = [.. TestName().Matches(Read("THREATS.md")).Select(match => match.Groups["name"].Value)];
        Assert.True(named.Length > 20, "tests are found");
        Assert.All(named, name => Assert.Contains(
            TestNames.All,
            test => test.EndsWith($".{name}", StringComparison.Ordinal) || test.Contains($".{name}.", StringComparison.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public async Task Commands_AreUnderstoodByTheProgram(string document)
    {
        using var folder = new ScratchDirectory();
        folder.Write("proxy.json", GoodConfiguration);
        folder.Write("token", "t0ken\n");
        string text = Read(document);
        IEnumerable<Match> inBlocks = Block().Matches(text).SelectMany(block => Line().Matches(block.Value));
        Match[] commands = [.. inBlocks.Concat(Command().Matches(text))];
        Assert.True(document is not ("README.md" or Guide) || commands.Length > 10, "commands are found");
        foreach (Match command in commands)
        {
            string[] arguments = [.. OwnFile().Replace(command.Groups["arguments"].Value, "$1 $2")
                .Split(' ', StringSplitOptions.RemoveEmptyEntries)
                .Select(word => word.Trim('\'', '"'))];
            CommandLineRun run = await CommandLineRun.OfAsync(folder.Path, [], _ => Task.FromResult(0), arguments);
            Assert.True(run.ExitCode == 0, $"{document}: {command.Value}: {run.Error}");
        }
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public void Paths_AreServedByTheAdminSurface(string document)
    {
        string[] served = [.. Product.AdminPaths().Select(path => IdOfSession().Replace(path!, "4711"))];
        MatchCollection calls = AdminCall().Matches(Read(document));
        Assert.True(document != Guide || calls.Count > 5, "calls are found");
        foreach (Match call in calls)
        {
            Assert.True(served.Contains(call.Groups["path"].Value), $"{document}: {call.Value}");
        }
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public void MetricsAndKeys_AreInTheReferences(string document)
    {
        string metrics = Read("docs/metrics.md");
        string keys = Read("docs/configuration.md");
        string text = Read(document);
        foreach (string metric in Metric().Matches(text).Select(match => match.Value))
        {
            Assert.True(metrics.Contains($"`{metric}`", StringComparison.Ordinal), $"{document}: there is no metric {metric}");
        }

        foreach (Match key in Key().Matches(text))
        {
            Assert.True(
                keys.Contains($"`{key.Groups["name"].Value}`", StringComparison.Ordinal), $"{document}: there is no key {key.Value}");
        }
    }

    [Fact]
    public void LogLines_HaveIdsOfTheirOwnAndTheGuideNamesOnlyThose()
    {
        string[] ids = [.. SourceTree.ProxyFiles
            .SelectMany(file => EventId().Matches(file.Text))
            .Select(match => match.Groups["id"].Value)];
        Assert.Equal([], ids.CountBy(id => id).Where(count => count.Value > 1).Select(count => count.Key));
        string[] told = [.. LogRow().Matches(Read(Guide))
            .SelectMany(row => row.Groups["ids"].Value.Split(", "))];
        Assert.NotEmpty(told);
        Assert.Equal([], told.Except(ids));
    }

    [Fact]
    public void ChineseReadme_HasTheCommandsLinksTablesAndFiguresOfTheEnglishOne()
    {
        string english = Read("README.md");
        string chinese = Read("README.zh-CN.md");
        Assert.Equal(All(Link(), english).Except(["](README.zh-CN.md)"]), All(Link(), chinese).Except(["](README.md)"]));
        Assert.Equal(CommandsIn(english), CommandsIn(chinese));
        Assert.Equal(All(Servers(), english), All(Servers(), chinese));
        Assert.Equal(All(Figure(), english).Order(), All(Figure(), chinese).Order());
        Assert.Equal(Heading().Count(english), Heading().Count(chinese));
    }

    private static string[] CommandsIn(string text) => [.. All(Block(), text).SelectMany(block => All(CommandOfBlock(), block))];

    private static string[] All(Regex pattern, string text) => [.. pattern.Matches(text).Select(match => match.Value.TrimEnd())];

    private static string Read(string document) => File.ReadAllText(Path.Combine(SourceTree.Root, document));

    // As GitHub makes them of headings: lower case, hyphens for blanks, without punctuation.
    private static HashSet<string> HeadingsOf(string text) =>
        [.. Heading().Matches(text).Select(heading => Punctuation().Replace(heading.Groups["text"].Value.Trim().ToLowerInvariant(), "")
            .Replace(' ', '-'))];

    [GeneratedRegex(@"\]\((?![a-z]+:)(?<file>[^)#\s]*)(#(?<heading>[^)\s]+))?\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^#+ (?<text>.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\p{L}\p{N} _-]")]
    private static partial Regex Punctuation();

    [GeneratedRegex(@"`(?<name>\w+Tests(\.\w+)?)`")]
    private static partial Regex TestName();

    [GeneratedRegex("^```.*?^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    /// <summary>In a block, with a prompt or without, as a published program or by dotnet run, up to a comment.</summary>
    [GeneratedRegex(@"^(\$ )?(RedisProxy|dotnet run .* --) (?<arguments>(--|[a-z])[^#&|\r\n]*)", RegexOptions.Multiline)]
    private static partial Regex Line();

    /// <summary>In a block, without its comment.</summary>
    [GeneratedRegex(@"^(RedisProxy|\./|dotnet|sudo|PATH)[^#\r\n]*", RegexOptions.Multiline)]
    private static partial Regex CommandOfBlock();

    [GeneratedRegex("<!-- servers: begin -->.*<!-- servers: end -->", RegexOptions.Singleline)]
    private static partial Regex Servers();

    /// <summary>With a fraction, or grouped by thousands.</summary>
    [GeneratedRegex(@"\d+(\.\d+|,\d{3})")]
    private static partial Regex Figure();

    /// <summary>As code in the text.</summary>
    [GeneratedRegex("`RedisProxy (?<arguments>(--|[a-z])[^`…]*)`")]
    private static partial Regex Command();

    /// <summary>Files of the reader's machine: those of the test take their place.</summary>
    [GeneratedRegex(@"(--config|--token-file) \S*?(proxy\.json|token)\S*")]
    private static partial Regex OwnFile();

    [GeneratedRegex(@"curl [^\r\n`]*127\.0\.0\.1:9180(?<path>/[a-z0-9/]*)")]
    private static partial Regex AdminCall();

    [GeneratedRegex(@"\{id\}")]
    private static partial Regex IdOfSession();

    /// <summary>Not parts of a histogram, and not a pattern.</summary>
    [GeneratedRegex(@"\bredisproxy_[a-z_]*[a-z](?<!_bucket|_sum|_count)\b(?!\*)")]
    private static partial Regex Metric();

    [GeneratedRegex(@"`(listeners\[\]|notify\[\]|sentinel|backend|client|hold|replay|admin|shutdown|loops)\.(?<name>[a-z][A-Za-z]+)[`:.]")]
    private static partial Regex Key();

    [GeneratedRegex(@"LoggerMessage\(\s*(EventId = )?(?<id>\d+)")]
    private static partial Regex EventId();

    [GeneratedRegex(@"^\| (?<ids>\d{4}(, \d{4})*) \| `", RegexOptions.Multiline)]
    private static partial Regex LogRow();
}
