using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Integration;

/// <summary>The demo as a visitor runs it, and every command that it prints.</summary>
public sealed class DemoTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task Demo_CountsOneErrorOnceEverywhereAndItsCommandsWork()
    {
        using var folder = new TemporaryFolder("demo");
        string picture = folder.File("demo.svg");
        string root = ProxyProgram.RepositoryRoot();
        string configuration = AppContext.BaseDirectory.Contains("/Debug/", StringComparison.Ordinal) ? "Debug" : "Release";
        string demo = Path.Combine(root, "demo/RedisProxy.Demo/bin", configuration, "net10.0/RedisProxy.Demo.dll");
        await using ChildProcess process = await ChildProcess.StartAsync(
            "demo", Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [demo, "--picture", picture], folder.File("log"));
        await Eventually.Within(
            Patience, () => process.HasExited || Lines(process).Count(line => line.StartsWith("  kill ", StringComparison.Ordinal)) == 3,
            "the demo invites to play, or has ended");
        Assert.False(process.HasExited, process.LogTail);
        string[] lines = Lines(process);
        Assert.Equal(CountedLive(lines), CountedByTable(lines));
        IEnumerable<string> untilTheTable =
            lines.TakeWhile(line => !line.StartsWith("Now it is yours", StringComparison.Ordinal)).SkipLast(1);
        Assert.All(untilTheTable.Zip(LinesIn(picture), (line, drawn) => (line, drawn)), static pair =>
            Assert.StartsWith(pair.drawn.TrimEnd('…'), pair.line, StringComparison.Ordinal));
        Assert.Equal(untilTheTable.Count(), LinesIn(picture).Count());

        IEnumerable<string> invitation = lines.SkipWhile(line => !line.StartsWith("Now it is yours", StringComparison.Ordinal));
        string[] commands = [.. invitation.Where(line => !line.Contains(" s  ")).Select(CommandIn).OfType<string>()];
        Assert.Equal(8, commands.Length);
        foreach (string command in commands)
        {
            await RunAsync(command, folder, commands);
        }

        process.Terminate();
        await process.WaitForExitAsync(Patience);
    }

    /// <summary>Long ones are cut.</summary>
    private static IEnumerable<string> LinesIn(string picture) =>
        XDocument.Load(picture).Descendants().Where(element => element.Name.LocalName == "text").Select(element => element.Value);

    private static string[] Lines(ChildProcess process) => File.ReadAllLines(process.LogFile);

    private static long[] CountedLive(string[] lines)
    {
        var rounds = new List<long>();
        foreach (string line in lines.TakeWhile(line => !line.StartsWith("Now it is yours", StringComparison.Ordinal)))
        {
            if (Regex.IsMatch(line, @"^\d\. "))
            {
                rounds.Add(0);
            }
            else if (Regex.Match(line, @"replies/s\s+([\d,]+) errors") is { Success: true } errors)
            {
                rounds[^1] += Number(errors.Groups[1].Value);
            }
        }

        return [.. rounds];
    }

    private static long[] CountedByTable(string[] lines) =>
        [.. lines.Single(line => line.StartsWith("errors in all", StringComparison.Ordinal)).Split('│')[1..].Select(Number)];

    private static long Number(string text) => long.Parse(text.Trim(), NumberStyles.AllowThousands, CultureInfo.InvariantCulture);

    private static string? CommandIn(string line)
    {
        Match command = Regex.Match(line, @"\s((?:curl|redis-cli|kill -9) .*?)(?:\s{3}\(.*)?$");
        return command.Success ? command.Groups[1].Value : null;
    }

    private static async Task RunAsync(string command, TemporaryFolder folder, string[] all)
    {
        // One that waits for input gets its end; one that kills a server is followed by its restart.
        string log = folder.File($"command-{Array.IndexOf(all, command)}");
        string strict = command.Replace("curl ", "curl -sS --fail-with-body ", StringComparison.Ordinal);
        bool isFailover = command.Contains("failover", StringComparison.Ordinal);
        await Eventually.Within(
            Patience,
            async () =>
            {
                await using ChildProcess shell = await ChildProcess.StartAsync("command", "sh", ["-c", $"{strict} </dev/null"], log);
                int code = await shell.WaitForExitAsync(Patience);
                string said = await File.ReadAllTextAsync(log);

                // Sentinel takes no order while the last failover is not over, and says so.
                bool isTooEarly = isFailover && Regex.IsMatch(said, "INPROG|nothing was done") && !said.Contains("gives user");
                Assert.True(code == 0 || isTooEarly, $"{command}: {code}\n{said}");
                File.Delete(log);
                return !isTooEarly;
            },
            command);
    }
}
