using System.Text.Json.Nodes;

using RedisProxy.CommandLine;
using RedisProxy.Configuration;
using RedisProxy.Hosting;
using RedisProxy.Testing;

namespace RedisProxy.Tests.CommandLine;

public sealed class ConfigCommandTests
{
    private static readonly string[] Short = ["--listen", "1", "--backend", "127.0.0.1:2"];

    [Fact]
    public async Task Config_PrintsAlignedLinesForPeople_AndCallsNobody()
    {
        CommandLineRun run = await RunAsync([("REDISPROXY_hold__timeout", "2s")], ["config", .. Short]);
        Assert.Equal((ExitCode.Ok, null, ""), (run.ExitCode, run.Called, run.Error));
        string[] lines = run.Output.Split('\n');
        string hold = Assert.Single(lines, line => line.StartsWith("hold.timeout ", StringComparison.Ordinal));
        Assert.Matches("^hold.timeout +2s +environment REDISPROXY_hold__timeout$", hold);
        string bind = Assert.Single(lines, line => line.StartsWith("listeners[0].bind ", StringComparison.Ordinal));
        Assert.Matches(@"^listeners\[0\].bind +127.0.0.1:1 +command line --listen$", bind);
        Assert.Equal(hold.IndexOf("environment", StringComparison.Ordinal), bind.IndexOf("command line", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.EndsWith(" default", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Config_AsJson_HasTheSame()
    {
        CommandLineRun run = await RunAsync([], ["config", "--json", .. Short]);
        JsonNode bind = Assert.Single(JsonNode.Parse(run.Output)!.AsArray(), one => (string)one!["key"]! == "backend.endpoint")!;
        Assert.Equal(
            """{"key":"backend.endpoint","value":"127.0.0.1:2","source":"command line","origin":"--backend"}""", bind.ToJsonString());
    }

    [Fact]
    public async Task Config_ThatIsInvalid_IsAnErrorAsElsewhere()
    {
        CommandLineRun run = await RunAsync([("REDISPROXY_hold__timeout", "2")], ["config", .. Short]);
        Assert.Equal((ExitCode.BadConfiguration, ""), (run.ExitCode, run.Output));
        Assert.Contains("hold.timeout", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WatchedStatus_OfAProxyThatDoesNotAnswer_SaysSoAndGoesOnUntilCancelled()
    {
        using var stop = new CancellationTokenSource();
        await using var output = new StoppingWriter(stop, after: 2);
        var admin = BindAddress.OfTcp(new HostEndpoint("127.0.0.1", FreePorts.Take()));
        int code = await StatusWatch.RunAsync(admin, new AdminQuestion("status", IsJson: false), output, static () => null, stop.Token);
        Assert.Equal(ExitCode.Ok, code);
        Assert.Equal(2, output.ToString().Split("No proxy answers at ").Length - 1);
    }

    private static async Task<CommandLineRun> RunAsync((string Name, string Value)[] environment, string[] arguments)
    {
        using var empty = new TemporaryFolder();
        return await CommandLineRun.OfAsync(empty.Path, environment, _ => Task.FromResult(0), arguments);
    }

    /// <summary>Whoever reads it presses Ctrl-C after so many blocks.</summary>
    private sealed class StoppingWriter(CancellationTokenSource stop, int after) : StringWriter
    {
        private int _blocks;

        public override Task FlushAsync(CancellationToken cancellationToken) => ++_blocks < after ? Task.CompletedTask : stop.CancelAsync();
    }
}
