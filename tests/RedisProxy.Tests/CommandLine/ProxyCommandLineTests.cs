using Microsoft.Extensions.Logging;

using RedisProxy.Configuration;
using RedisProxy.Hosting;
using RedisProxy.Tests.Configuration;

namespace RedisProxy.Tests.CommandLine;

public sealed class ProxyCommandLineTests
{
    private const string GoodFile =
        """{ "listeners": [ { "bind": "127.0.0.1:1", "master": "fromFile" } ], "sentinel": { "endpoints": [ "s1:1", "s2:1" ] } }""";

    private static readonly string[] Short = ["--listen", "6380", "--sentinel", "h1:26379", "--master", "mymaster"];

    [Fact]
    public async Task Run_WithTheShortCommandLine_ServesIt()
    {
        CommandLineRun run = await CommandLineRun.OfAsync(
            "--listen", "6380", "--sentinel", "h1:26379,h2:26379", "--sentinel", "h3:26379", "--master", "mymaster", "--loops", "2");

        Assert.Equal((ExitCode.Ok, "run", LogLevel.Information), (run.ExitCode, run.Called, run.LogLevel));
        Assert.Equal("127.0.0.1:6380", run.Options!.Listeners[0].Bind.ToString());
        Assert.Equal(("mymaster", "mymaster"), (run.Options.Listeners[0].Name, run.Options.Listeners[0].Master));
        Assert.Equal("h1:26379 h2:26379 h3:26379", string.Join(' ', run.Options.Sentinel!.Endpoints));
        Assert.Equal(2, run.Options.Loops.Count);
        Assert.Equal(("", ""), (run.Output, run.Error));
    }

    [Fact]
    public async Task Run_InFrontOfOneServer_NamesTheListener()
    {
        CommandLineRun run = await CommandLineRun.OfAsync("--listen", "unix:/run/r.sock", "--backend", "127.0.0.1:6379", "--admin", "");

        Assert.Equal("run", run.Called);
        Assert.Equal(("redis", "unix:/run/r.sock"), (run.Options!.Listeners[0].Name, run.Options.Listeners[0].Bind.ToString()));
        Assert.Equal("127.0.0.1:6379", run.Options.Backend.Endpoint!.ToString());
        Assert.Null(run.Options.Admin.Bind);
    }

    [Fact]
    public async Task Run_WithTakeOver_SaysSo()
    {
        Assert.True((await CommandLineRun.OfAsync("--listen", "6380", "--backend", "127.0.0.1:6379", "--take-over")).TakesOver);
        Assert.False((await CommandLineRun.OfAsync("--listen", "6380", "--backend", "127.0.0.1:6379")).TakesOver);
    }

    [Theory]
    [InlineData("6381", "127.0.0.1:6381")]
    [InlineData("0.0.0.0:6381", "0.0.0.0:6381")]
    [InlineData("[::]:6381", "[::]:6381")]
    public async Task Addresses_PortOnly_AreOfThisMachine(string address, string expected)
    {
        CommandLineRun run = await CommandLineRun.OfAsync("--admin", address, $"--listen={address[..^1]}2", "--backend=h:1");

        Assert.Equal(expected, run.Options!.Admin.Bind!.ToString());
        Assert.Equal(expected[..^1] + "2", run.Options.Listeners[0].Bind.ToString());
    }

    [Theory]
    [InlineData("trace", LogLevel.Trace)]
    [InlineData("Debug", LogLevel.Debug)]
    [InlineData("info", LogLevel.Information)]
    [InlineData("warning", LogLevel.Warning)]
    [InlineData("error", LogLevel.Error)]
    [InlineData("none", LogLevel.None)]
    public async Task LogLevel_EachName_IsKnown(string name, LogLevel expected) =>
        Assert.Equal(expected, (await CommandLineRun.OfAsync([.. Short, "--log-level", name])).LogLevel);

    [Fact]
    public async Task Check_GoodConfiguration_SaysSoAndAsks()
    {
        CommandLineRun run = await CommandLineRun.OfAsync(["check", .. Short, "--log-level", "debug"]);

        Assert.Equal((ExitCode.Ok, "check", LogLevel.Debug), (run.ExitCode, run.Called, run.LogLevel));
        Assert.Equal("mymaster", run.Options!.Listeners[0].Master);
        Assert.Equal(("The configuration is valid.\n", ""), (run.Output, run.Error));
    }

    [Fact]
    public async Task Options_BeforeTheCommand_AreTheSame() =>
        Assert.Equal("check", (await CommandLineRun.OfAsync([.. Short, "check"])).Called);

    [Fact]
    public async Task Audit_HasTheConfigurationOfTheProxy()
    {
        CommandLineRun run = await CommandLineRun.OfAsync(["audit", .. Short, "--json"]);

        Assert.Equal((ExitCode.Ok, "audit", true), (run.ExitCode, run.Called, run.IsJson));
        Assert.False((await CommandLineRun.OfAsync(["audit", .. Short])).IsJson);
        Assert.Equal(ExitCode.BadConfiguration, (await CommandLineRun.OfAsync("audit", "--listen", "6380")).ExitCode);
    }

    [Fact]
    public async Task Config_OverriddenByEnvironmentAndOptions_IsMerged()
    {
        using var directory = new ScratchDirectory();
        directory.Write("my.json", GoodFile);

        CommandLineRun run = await RunInAsync(
            directory, [("REDISPROXY_listeners__0__master", "fromEnvironment")], "-c", "my.json", "--listen", "2", "--sentinel", "s3:1");

        Assert.Equal(("127.0.0.1:2", "fromEnvironment"), (run.Options!.Listeners[0].Bind.ToString(), run.Options.Listeners[0].Master));
        Assert.Equal([new HostEndpoint("s3", 1)], run.Options.Sentinel!.Endpoints);
    }

    [Fact]
    public async Task Config_NotGiven_IsProxyJsonUnlessListenIsGiven()
    {
        using var directory = new ScratchDirectory();
        directory.Write("proxy.json", GoodFile);

        Assert.Equal("fromFile", (await RunInAsync(directory, [])).Options!.Listeners[0].Master);
        Assert.Equal("other", (await RunInAsync(directory, [], "--master", "other")).Options!.Listeners[0].Master);
        Assert.Equal("mymaster", (await RunInAsync(directory, [], Short)).Options!.Listeners[0].Master);
    }

    [Fact]
    public async Task Environment_Alone_IsEnough()
    {
        using var directory = new ScratchDirectory();

        CommandLineRun run = await RunInAsync(
            directory,
            [
                ("REDISPROXY_listeners__0__bind", "h:1"), ("REDISPROXY_listeners__0__master", "m"),
                ("REDISPROXY_sentinel__endpoints__0", "s:1"), ("REDISPROXY_SERVICE_HOST", "10.0.0.1"),
            ]);

        Assert.Equal("run", run.Called);
    }

    [Theory]
    [InlineData]
    [InlineData("check")]
    public async Task Nothing_Configured_ShowsTheTwoWays(params string[] args)
    {
        using var directory = new ScratchDirectory();

        CommandLineRun run = await RunInAsync(directory, [("REDISPROXY_PORT_6380_TCP", "x")], args);

        Assert.Equal((ExitCode.BadConfiguration, null, ""), (run.ExitCode, run.Called, run.Output));
        Assert.StartsWith("RedisProxy: nothing is configured. There are two ways:\n", run.Error, StringComparison.Ordinal);
        Assert.Contains(" RedisProxy --listen 6380 --sentinel ", run.Error, StringComparison.Ordinal);
        Assert.Contains("{ \"listeners\": [ { \"bind\": \"127.0.0.1:6380\", ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Errors_InTheConfiguration_AreListedOnStandardError()
    {
        using var directory = new ScratchDirectory();
        directory.Write("bad.json", GoodFile.Replace("bind", "bnd", StringComparison.Ordinal));

        CommandLineRun run = await RunInAsync(directory, [], "check", "--config", "bad.json", "--loops", "65");

        Assert.Equal((ExitCode.BadConfiguration, null, ""), (run.ExitCode, run.Called, run.Output));
        Assert.Equal(
            """
            RedisProxy: 3 errors in the configuration (bad.json):
              listeners[0].bind: missing; expected "host:port", "[IPv6]:port" or "unix:/path"
              listeners[0].bnd: unknown key; did you mean "bind"?
              loops.count: "65" is out of range; expected 0 to 64 (from --loops)

            """,
            run.Error);
    }

    [Fact]
    public async Task Error_WithoutAFile_HasAHeadingOfItsOwn()
    {
        CommandLineRun run = await CommandLineRun.OfAsync("--listen", "6380", "--sentinel", "h1:26379", "--master", "");

        Assert.Equal(
            """
            RedisProxy: 1 error in the configuration:
              listeners[0].master: "" is not a name; expected one word without spaces (from --master)

            """,
            run.Error);
    }

    [Theory]
    [InlineData("none.json", "none.json: does not exist", " (none.json)")]
    [InlineData("", "--config: \"\" is empty; expected the name of a file", "")]
    public async Task Config_Unreadable_IsAnError(string file, string error, string where)
    {
        using var directory = new ScratchDirectory();

        CommandLineRun run = await RunInAsync(directory, [], "--config", file);

        Assert.Equal((ExitCode.BadConfiguration, null), (run.ExitCode, run.Called));
        Assert.Equal($"RedisProxy: 1 error in the configuration{where}:\n  {error}\n", run.Error);
    }

    [Theory]
    [InlineData(ExitCode.Ok)]
    [InlineData(ExitCode.Failure)]
    [InlineData(ExitCode.BadConfiguration)]
    public async Task ExitCode_OfTheWork_IsPassedOn(int exitCode)
    {
        Assert.Equal(exitCode, (await ActAsync(_ => Task.FromResult(exitCode), Short)).ExitCode);
        Assert.Equal(exitCode, (await ActAsync(_ => Task.FromResult(exitCode), ["check", .. Short])).ExitCode);
    }

    [Fact]
    public async Task Work_ThatThrows_IsAFailureWithItsReason()
    {
        CommandLineRun run = await ActAsync(_ => throw new InvalidOperationException("out of luck"), Short);

        Assert.Equal(ExitCode.Failure, run.ExitCode);
        Assert.StartsWith("RedisProxy: System.InvalidOperationException: out of luck\n", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Work_ThatIsCancelled_IsFineForTheProxyAndAFailureOfACheck()
    {
        using var stop = new CancellationTokenSource();
        Func<CancellationToken, Task<int>> untilStopped = async token =>
        {
            await stop.CancelAsync();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
            return ExitCode.Ok;
        };

        Assert.Equal(ExitCode.Ok, (await ActAsync(untilStopped, Short, stop.Token)).ExitCode);
        Assert.Equal(ExitCode.Failure, (await ActAsync(untilStopped, ["check", .. Short], stop.Token)).ExitCode);
    }

    private static Task<CommandLineRun> RunInAsync(ScratchDirectory directory, (string, string)[] environment, params string[] args) =>
        CommandLineRun.OfAsync(directory.Path, environment, _ => Task.FromResult(ExitCode.Ok), args);

    private static Task<CommandLineRun> ActAsync(
        Func<CancellationToken, Task<int>> act, string[] args, CancellationToken cancellationToken = default) =>
        CommandLineRun.OfAsync(Directory.GetCurrentDirectory(), [], act, args, cancellationToken);
}
