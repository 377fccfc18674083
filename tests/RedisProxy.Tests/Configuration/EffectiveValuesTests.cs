using RedisProxy.Configuration;
using RedisProxy.Testing;

namespace RedisProxy.Tests.Configuration;

/// <summary>The configuration in effect, and where each value of it is from.</summary>
public sealed class EffectiveValuesTests : IDisposable
{
    private const string File = """
        { "listeners": [ { "bind": "127.0.0.1:1", "master": "m", "users": [ { "username": "app", "password": "canary" } ] } ],
          "sentinel": { "endpoints": [ "s1:1", "s2:2" ], "username": "watch", "passwordFile": "secret" },
          "hold": { "timeout": "2s", "maxOutage": "40s" },
          "admin": { "bind": "", "token": "canary" },
          "notify": [ { "name": "ops", "webhook": { "url": "http://h/canary" } } ] }
        """;

    private readonly TemporaryFolder _folder = new("config");

    public EffectiveValuesTests()
    {
        System.IO.File.WriteAllText(_folder.File("proxy.json"), File);
        System.IO.File.WriteAllText(_folder.File("secret"), "canary\n");
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("listeners[0].bind", "127.0.0.1:7", "command line", "--listen")]
    [InlineData("listeners[0].master", "m", "file", "proxy.json")]
    [InlineData("listeners[0].users", "app", "file", "proxy.json")]
    [InlineData("listeners[0].maxSessions", "10000", "default", "")]
    [InlineData("sentinel.endpoints", "s1:1, s2:2", "file", "proxy.json")]
    [InlineData("sentinel.password", "(set)", "file", "proxy.json")]
    [InlineData("hold.timeout", "3s", "environment", "REDISPROXY_hold__timeout")]
    [InlineData("hold.maxOutage", "40s", "file", "proxy.json")]
    [InlineData("hold.planned", "true", "default", "")]
    [InlineData("admin.bind", "none", "file", "proxy.json")]
    [InlineData("admin.token", "(set)", "environment", "redisproxy_ADMIN__TOKEN")]
    [InlineData("notify[0].webhook.url", "(set)", "file", "proxy.json")]
    [InlineData("notify[0].rateLimit.burst", "10", "default", "")]
    public void Value_IsShownWithItsSource(string key, string value, string source, string origin) =>
        Assert.Equal(new EffectiveValue(key, value, source, origin), Assert.Single(Read(), one => one.Key == key));

    [Fact]
    public void Values_HaveNoSecretAndNoKeyTwice()
    {
        IReadOnlyList<EffectiveValue> all = Read();
        Assert.DoesNotContain(all, one => one.ToString().Contains("canary", StringComparison.Ordinal));
        Assert.Equal(all.Count, all.Select(one => one.Key).Distinct().Count());
        Assert.DoesNotContain(all, one => one.Key is "backend.username" or "notify[0].command.path");
    }

    private IReadOnlyList<EffectiveValue> Read()
    {
        var commandLine = new OptionLayer();
        commandLine.TryAdd("listeners:0:bind", "127.0.0.1:7", "--listen");
        var sources = new OptionSources
        {
            File = "proxy.json",
            Directory = _folder.Path,
            Environment = new Dictionary<string, string>
            {
                ["REDISPROXY_hold__timeout"] = "3s",
                ["redisproxy_ADMIN__TOKEN"] = "canary",
            },
            CommandLine = commandLine,
        };
        OptionsReading reading = OptionsReader.Read(sources);
        Assert.Empty(reading.Errors);
        return EffectiveValues.Of(reading.Options!, sources);
    }
}
