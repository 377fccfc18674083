using RedisProxy.CommandLine;
using RedisProxy.Hosting;
using RedisProxy.Testing;

namespace RedisProxy.Tests.CommandLine;

public sealed class AdminCommandsTests
{
    private const string Listener =
        """ "listeners": [ { "bind": "127.0.0.1:1", "master": "m" } ], "sentinel": { "endpoints": [ "s:1" ] } """;

    [Theory]
    [InlineData("127.0.0.1:9180 healthz/ready", "health")]
    [InlineData("127.0.0.1:7 healthz/live", "health", "--live", "--admin", "7")]
    [InlineData("127.0.0.1:9180 status", "status")]
    [InlineData("127.0.0.1:7 status as JSON", "status", "--admin", "7", "--json")]
    [InlineData("h:7 sessions", "sessions", "--admin", "h:7")]
    [InlineData("unix:/run/a.sock sessions", "sessions", "--admin", "unix:/run/a.sock")]
    [InlineData("127.0.0.1:9180 sessions?phase=holding&limit=5", "sessions", "--limit", "5", "--phase", "holding")]
    [InlineData("127.0.0.1:9180 slowlog", "slowlog")]
    [InlineData("127.0.0.1:9180 slowlog?listener=a&limit=5 as JSON", "slowlog", "--limit", "5", "--listener", "a", "--json")]
    [InlineData("127.0.0.1:9180 sessions?client=10.&name=a%20%26b", "sessions", "--client", "10.", "--name", "a &b")]
    public async Task Question_GoesToTheProxyThatWasNamed(string expected, params string[] arguments)
    {
        using var empty = new TemporaryFolder();
        CommandLineRun run = await CommandLineRun.OfAsync(empty.Path, [], _ => Task.FromResult(0), arguments);
        Assert.Equal((ExitCode.Ok, "ask", expected), (run.ExitCode, run.Called, run.Asked));
    }

    [Theory]
    [InlineData("POST 127.0.0.1:9180 pause", "pause")]
    [InlineData("POST 127.0.0.1:7 pause?listener=a&for=3s", "pause", "--for", "3s", "--listener", "a", "--admin", "7")]
    [InlineData("POST 127.0.0.1:9180 resume with s3cret", "resume", "--token-file", "token")]
    [InlineData("127.0.0.1:9180 hotkeys?listener=a&limit=5&for=2s with s3cret", "hotkeys", "--for", "2s", "--limit", "5", "--listener", "a",
        "--token-file", "token")]
    [InlineData("127.0.0.1:9180 slowlog with s3cret", "slowlog", "--token-file", "token")]
    [InlineData("POST 127.0.0.1:9180 drain?listener=a", "drain", "--listener", "a")]
    [InlineData("POST 127.0.0.1:9180 sessions/4711/kill with s3cret", "kill", "4711", "--token-file", "token")]
    [InlineData("POST 127.0.0.1:9180 failover", "failover")]
    [InlineData("POST 127.0.0.1:9180 failover?master=m&force=true&dryRun=true", "failover", "m", "--dry-run", "--force")]
    [InlineData("POST 127.0.0.1:9180 pause?for=3s&dryRun=true", "pause", "--for", "3s", "--dry-run")]
    [InlineData("POST 127.0.0.1:9180 failover?ifMaster=10.1.2.3%3A6379&wait=60s", "failover", "--if-master", "10.1.2.3:6379", "--wait")]
    [InlineData("POST 127.0.0.1:9180 notify/test", "notify-test")]
    [InlineData("POST 127.0.0.1:9180 notify/test?receiver=ops", "notify-test", "ops")]
    [InlineData("POST 127.0.0.1:9180 failover?master=a%20b&force=true with s3cret", "failover", "a b", "--force", "--token-file", "token")]
    [InlineData("POST 10.0.0.7:99 resume with fromFile", "resume", "--config", "admin.json")]
    [InlineData("POST 127.0.0.1:7 resume with fromFile", "resume", "--config", "admin.json", "--admin", "7")]
    public async Task CommandThatMayNeedIt_ShowsTheToken(string expected, params string[] arguments)
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.File("token"), "s3cret\n");
        await File.WriteAllTextAsync(
            folder.File("admin.json"), $$"""{ {{Listener}}, "admin": { "bind": "10.0.0.7:99", "token": "fromFile" } }""");
        CommandLineRun run = await CommandLineRun.OfAsync(folder.Path, [], _ => Task.FromResult(0), arguments);
        Assert.Equal((ExitCode.Ok, expected), (run.ExitCode, run.Asked));
    }

    /// <summary>The address that is asked needs not be <c>admin.bind</c>: the rest of the file must not object to it.</summary>
    [Theory]
    [InlineData(""" "bind": "127.0.0.1:7", "metricsBind": "127.0.0.1:8" """, "127.0.0.1:8 healthz/ready", "8")]
    [InlineData(""" "bind": "unix:/run/a.sock", "socketMode": "0660", "metricsBind": "127.0.0.1:8" """, "127.0.0.1:8 healthz/ready", "8")]
    [InlineData(""" "bind": "" """, "10.0.0.7:9 healthz/ready", "10.0.0.7:9")]
    public async Task AdminBesidesAFile_IsTheAddressThatIsAsked(string keys, string expected, string address)
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.File("p.json"), $$"""{ {{Listener}}, "admin": { {{keys}} } }""");
        CommandLineRun run = await CommandLineRun.OfAsync(
            folder.Path, [], _ => Task.FromResult(0), ["health", "--config", "p.json", "--admin", address]);
        Assert.Equal((ExitCode.Ok, expected), (run.ExitCode, run.Asked ?? run.Error));
    }

    [Theory]
    [InlineData("a\u0001b", "\"token\" contains a control character; expected a token that an HTTP header can carry")]
    [InlineData("\0", "\"token\" contains a control character; expected a token that an HTTP header can carry")]
    [InlineData("s3cret \n", "\"token\" begins or ends with a blank, which an HTTP header loses; expected a token without")]
    [InlineData("\n", "\"token\" has nothing in its first line; expected the token there")]
    public async Task TokenThatCannotBeSent_IsRefused(string content, string expected)
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.File("token"), content);
        CommandLineRun run = await CommandLineRun.OfAsync(
            folder.Path, [], _ => Task.FromResult(0), ["resume", "--token-file", "token"]);
        Assert.Equal((ExitCode.BadConfiguration, $"RedisProxy: --token-file: {expected}\n"), (run.ExitCode, run.Error));
    }

    /// <summary>The variable was not set.</summary>
    [Fact]
    public async Task TokenFileWithoutAName_IsSaidToBeEmpty()
    {
        CommandLineRun run = await CommandLineRun.OfAsync("resume", "--token-file", "");
        Assert.Equal(
            "RedisProxy: --token-file: \"\" is empty; expected the name of a file with the token in its first line\n", run.Error);
    }

    [Theory]
    [InlineData("\"bind\": \"10.0.0.7:99\"", "10.0.0.7:99 status", "")]
    [InlineData("\"bind\": \"\"", null, "turned off")]
    [InlineData("\"bind\": \"nonsense\"", null, "admin.bind")]
    public async Task Question_WithAConfiguration_GoesToItsAdminAddress(string admin, string? expected, string error)
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.File(ConfigurationArguments.DefaultFile), $"{{ {Listener}, \"admin\": {{ {admin} }} }}");
        CommandLineRun run = await CommandLineRun.OfAsync(folder.Path, [], _ => Task.FromResult(0), ["status"]);
        Assert.Equal((expected is null ? ExitCode.BadConfiguration : ExitCode.Ok, expected), (run.ExitCode, run.Asked));
        Assert.Contains(error, run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0.0.0.0:99", "0.0.0.0:99 healthz/ready", "")]
    [InlineData("", null, "REDISPROXY_admin__bind: \"\" is not an address")]
    public async Task Question_WithoutAFile_GoesWhereTheEnvironmentSays(string bind, string? expected, string error)
    {
        using var empty = new TemporaryFolder();
        CommandLineRun run = await CommandLineRun.OfAsync(
            empty.Path, [("REDISPROXY_admin__bind", bind), ("REDISPROXY_PORT", "x")], _ => Task.FromResult(0), ["health"]);
        Assert.Equal((expected is null ? ExitCode.BadConfiguration : ExitCode.Ok, expected), (run.ExitCode, run.Asked));
        Assert.Contains(error, run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("status", "--admin", "nonsense")]
    [InlineData("status", "--limit", "5")]
    [InlineData("sessions", "--limit", "many")]
    [InlineData("kill")]
    [InlineData("kill", "everybody")]
    [InlineData("resume", "--token-file", "none")]
    public async Task Question_ThatIsWrong_AsksNobody(params string[] arguments)
    {
        CommandLineRun run = await CommandLineRun.OfAsync(arguments);
        Assert.Equal((ExitCode.BadConfiguration, null), (run.ExitCode, run.Called));
        Assert.NotEqual("", run.Error);
    }
}
