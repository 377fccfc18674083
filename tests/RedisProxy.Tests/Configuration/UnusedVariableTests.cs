using System.Text.RegularExpressions;

using RedisProxy.Configuration;
using RedisProxy.Testing;

namespace RedisProxy.Tests.Configuration;

public sealed class UnusedVariableTests
{
    [Theory]
    [InlineData("REDISPROXY_hold_timeout", "did you mean REDISPROXY_hold__timeout?")]
    [InlineData("REDISPROXY_HOLD_TIMEOUT", "did you mean REDISPROXY_hold__timeout?")]
    [InlineData("REDISPROXY_hold_timout", "did you mean REDISPROXY_hold__timeout?")]
    [InlineData("redisproxy_holdtimeout", "did you mean REDISPROXY_hold__timeout?")]
    [InlineData("REDISPROXY_listeners_0_maxSessions", "did you mean REDISPROXY_listeners__0__maxSessions?")]
    [InlineData("REDISPROXY_LISTENERS_2_BIND", "did you mean REDISPROXY_listeners__2__bind?")]
    [InlineData("REDISPROXY_backend_passwordFile", "did you mean REDISPROXY_backend__passwordFile?")]
    [InlineData("REDISPROXY_BACKEND_PASSWORD", "did you mean REDISPROXY_backend__password?")]
    [InlineData("REDISPROXY_LISTEN", "did you mean REDISPROXY_listeners__0__bind?")]
    [InlineData("REDISPROXY_MASTER", "did you mean REDISPROXY_listeners__0__master?")]
    [InlineData("REDISPROXY_SENTINELS", "did you mean REDISPROXY_sentinel__endpoints__0?")]
    [InlineData("REDISPROXY_CONFIG", "did you mean the option --config?")]
    [InlineData("REDISPROXY_LOG_LEVEL", "did you mean the option --log-level?")]
    [InlineData("REDISPROXY_PORT", "a key is set by REDISPROXY_section__key")]
    [InlineData("REDISPROXY_SOMETHING", "a key is set by REDISPROXY_section__key")]
    public void Variable_ThatSetsNothing_IsNamedWithTheRightOne(string name, string advice) =>
        Assert.Equal([$"{name} is not used; {advice}"], WarningsOf((name, "6380")));

    [Theory]
    [InlineData("REDISPROXY_SERVICE_HOST", "10.0.0.1")]
    [InlineData("REDISPROXY_SERVICE_PORT", "6380")]
    [InlineData("REDISPROXY_SERVICE_PORT_REDIS", "6380")]
    [InlineData("REDISPROXY_PORT", "tcp://10.0.0.1:6380")]
    [InlineData("REDISPROXY_PORT_6380_TCP", "tcp://10.0.0.1:6380")]
    [InlineData("REDISPROXY_PORT_6380_TCP_PROTO", "tcp")]
    [InlineData("REDISPROXY_PORT_6380_TCP_PORT", "6380")]
    [InlineData("REDISPROXY_PORT_6380_TCP_ADDR", "10.0.0.1")]
    [InlineData("REDISPROXY_ADMIN_SERVICE_HOST", "10.0.0.1")]
    [InlineData("REDISPROXY_ADMIN_PORT", "tcp://10.0.0.1:9180")]
    [InlineData("REDISPROXY_ADMIN_PORT_9180_TCP_PORT", "9180")]
    [InlineData("REDISPROXY_hold__timeout", "2s")]
    [InlineData("MY_REDISPROXY_LISTEN", "x")]
    public void Variable_OfKubernetesOrOfAKey_IsNoReasonToWarn(string name, string value) => Assert.Empty(WarningsOf((name, value)));

    [Fact]
    public void EachKey_WrittenWithSingleUnderscores_IsRecognized() => Assert.All(DeclaredKeys.All, key =>
    {
        string right = EnvironmentVariables.NameOf(key.Path);
        string wrong = right.Replace("__", "_", StringComparison.Ordinal);
        Assert.Equal([$"{wrong} is not used; did you mean {right}?"], WarningsOf((wrong, "x")));
    });

    /// <summary>A proxy inherits them from the tests that start it.</summary>
    [Fact]
    public void VariablesOfTheScripts_AreNoReasonToWarn()
    {
        string root = ProxyProgram.RepositoryRoot();
        string[] files = ["test.sh", "CONTRIBUTING.md", "tests/servers.sh", "tests/container/run.sh"];
        string text = string.Concat(files.Select(file => File.ReadAllText(Path.Combine(root, file))));
        string[] names = [.. Regex.Matches(text, "REDISPROXY_[A-Z_]*[A-Z]").Select(name => name.Value).Distinct()];
        Assert.InRange(names.Length, 10, 40);
        Assert.Empty(WarningsOf([.. names.Select(name => (name, "1"))]));
    }

    private static IReadOnlyList<string> WarningsOf(params (string, string)[] environment) => Configured.Read("{}", environment).Warnings;
}
