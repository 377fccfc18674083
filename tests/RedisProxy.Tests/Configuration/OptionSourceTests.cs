using RedisProxy.Configuration;

namespace RedisProxy.Tests.Configuration;

/// <summary>File, environment and command line together: which one wins, and how messages tell where a value comes from.</summary>
public sealed class OptionSourceTests
{
    private const string Sections =
        "expected listeners, sentinel, backend, client, hold, replay, admin, shutdown, loops, otlp, audit, slowlog, roles, sentinelFacade "
        + "or notify";

    private const string File =
        "{ 'listeners': [ { 'bind': '127.0.0.1:6380', 'master': 'm', 'maxSessions': 5 } ], "
        + "'sentinel': { 'endpoints': [ 's1:1', 's2:1', 's3:1' ] }, 'hold': { 'timeout': '2s', 'maxOutage': '20s' } }";

    [Fact]
    public void Environment_OverFile_WinsKeyByKey()
    {
        ProxyOptions options = Configured.Good(Configured.Read(
            File, environment: [("REDISPROXY_hold__timeout", "3s"), ("REDISPROXY_LISTENERS__0__MAXSESSIONS", "6")]));

        Assert.Equal(TimeSpan.FromSeconds(3), options.Hold.Timeout);
        Assert.Equal(TimeSpan.FromSeconds(20), options.Hold.MaxOutage);
        Assert.Equal(6, options.Listeners[0].MaxSessions);
        Assert.Equal("m", options.Listeners[0].Master);
    }

    [Fact]
    public void Environment_ListElement_IsReplacedOrAdded()
    {
        ProxyOptions options = Configured.Good(Configured.Read(
            File,
            environment:
            [
                ("REDISPROXY_sentinel__endpoints__1", "other:1"),
                ("REDISPROXY_sentinel__endpoints__10", "last:1"),
                ("REDISPROXY_sentinel__endpoints__3", "fourth:1"),
                ("REDISPROXY_listeners__1__bind", "unix:/run/x.sock"),
                ("REDISPROXY_listeners__1__master", "second"),
            ]));

        Assert.Equal("s1:1 other:1 s3:1 fourth:1 last:1", string.Join(' ', options.Sentinel!.Endpoints));
        Assert.Equal(["m", "second"], options.Listeners.Select(l => l.Name));
    }

    [Theory]
    [InlineData("REDISPROXY_listeners__x__bind", "listeners.x", "x")]
    [InlineData("REDISPROXY_listeners__99999999999__bind", "listeners.99999999999", "99999999999")]
    [InlineData("REDISPROXY_sentinel__endpoints__first", "sentinel.endpoints.first", "first")]
    public void Environment_ListElementThatIsNone_IsTheVariablesFault(string variable, string shown, string index) =>
        Configured.AssertErrors(
            Configured.Read(File, environment: [(variable, "127.0.0.1:1")]),
            $"{shown}: \"{index}\" is not a place in a list; expected 0, 1 and so on (from {variable})");

    [Fact]
    public void Environment_Alone_IsEnough()
    {
        ProxyOptions options = Configured.Good(Configured.Read(environment:
        [
            ("REDISPROXY_listeners__0__bind", "[::]:6380"),
            ("REDISPROXY_listeners__0__master", "m"),
            ("REDISPROXY_sentinel__endpoints__0", "s1:1"),
            ("REDISPROXY_sentinel__addressMap__10.0.0.1:6379", "h:1"),
            ("REDISPROXY_admin__bind", ""),
        ]));

        Assert.Equal("[::]:6380", options.Listeners[0].Bind.ToString());
        Assert.Equal(new HostEndpoint("h", 1), Assert.Single(options.Sentinel!.AddressMap).Value);
        Assert.Null(options.Admin.Bind);
    }

    [Fact]
    public void Environment_OfKubernetesAndOthers_IsIgnored()
    {
        Configured.Good(Configured.Read(
            File,
            environment:
            [
                ("REDISPROXY_SERVICE_HOST", "10.0.0.1"),
                ("REDISPROXY_SERVICE_PORT", "6380"),
                ("REDISPROXY_SERVICE_PORT_REDIS", "6380"),
                ("REDISPROXY_PORT", "tcp://10.0.0.1:6380"),
                ("REDISPROXY_PORT_6380_TCP", "tcp://10.0.0.1:6380"),
                ("REDISPROXY_PORT_6380_TCP_ADDR", "10.0.0.1"),
                ("REDISPROXY_PORT_6380_TCP_PORT", "6380"),
                ("REDISPROXY_PORT_6380_TCP_PROTO", "tcp"),
                ("REDISPROXY_", "x"),
                ("REDISPROXY", "x"),
                ("OTHER_hold__timeout", "x"),
                ("hold__timeout", "x"),
                ("PATH", "/bin"),
            ]));
    }

    [Fact]
    public void CommandLine_OverEnvironmentOverFile_Wins()
    {
        ProxyOptions options = Configured.Good(Configured.Read(
            File,
            environment: [("REDISPROXY_listeners__0__bind", "127.0.0.1:2"), ("REDISPROXY_listeners__0__master", "fromEnvironment")],
            commandLine: [("listeners:0:bind", "127.0.0.1:3")]));

        Assert.Equal("127.0.0.1:3", options.Listeners[0].Bind.ToString());
        Assert.Equal("fromEnvironment", options.Listeners[0].Master);
        Assert.Equal(5, options.Listeners[0].MaxSessions);
    }

    [Fact]
    public void CommandLine_ThatReplacesAList_LeavesNothingOfIt()
    {
        ProxyOptions options = Configured.Good(Configured.Read(
            File,
            environment: [("REDISPROXY_sentinel__endpoints__5", "s6:1")],
            commandLine: [("sentinel:endpoints:0", "only:1")],
            replaced: ["sentinel:endpoints"]));

        Assert.Equal(new HostEndpoint("only", 1), Assert.Single(options.Sentinel!.Endpoints));
    }

    [Fact]
    public void CommandLine_WithSeveralListeners_IsRefused()
    {
        Configured.AssertErrors(
            Configured.Read(
                $"{{ 'listeners': [ {{ 'bind': 'h:1', 'master': 'm' }}, {{ 'bind': 'h:2', 'master': 'n' }} ], {Configured.Sentinel} }}",
                commandLine: [("listeners:0:bind", "127.0.0.1:3")]),
            "--option: there are 2 listeners; expected one, as the command line cannot tell them apart");
    }

    [Fact]
    public void Errors_OfSeveralSources_AreAllReportedAndSayWhereFrom()
    {
        Configured.AssertErrors(
            Configured.Read(
                "{ 'listeners': [ { 'bnd': 'x' } ], 'sentinel': { 'endpoints': [ 's1' ], 'password': 's3cret\\n' }, "
                    + "'hold': { 'timeout': 'x', 'maxOutage': 'y' }, 'loops': { 'count': 'many' } }",
                environment:
                [
                    ("REDISPROXY_hold__timeout", "4 sec"),
                    ("REDISPROXY_hold__timout", "4s"),
                    ("REDISPROXY_sentinel__endpoints__1", "s2"),
                    ("REDISPROXY_backend__password", "s3cret\n"),
                    ("REDISPROXY_listeners__0__fallback", "s3cret"),
                    ("REDISPROXY_nope__x__y", "z"),
                    ("REDISPROXY___x", "z"),
                    ("REDISPROXY_client__keepAlive", "s3cret@1"),
                ],
                commandLine: [("loops:count", "all"), ("listeners:0:master", "a b")]),
            """listeners[0].bind: missing; expected "host:port", "[IPv6]:port" or "unix:/path" """.TrimEnd(),
            """listeners[0].master: "a b" is not a name; expected one word without spaces (from --option)""",
            """listeners[0].fallback: "s3cret" is unknown; expected "master" or "reject" (from REDISPROXY_listeners__0__fallback)""",
            "listeners[0].fallback: applies only to replicas; expected role: replica as well (from REDISPROXY_listeners__0__fallback)",
            """listeners[0].bnd: unknown key; did you mean "bind"?""",
            """sentinel.endpoints[0]: "s1" has no port; expected "host:port" or "[IPv6]:port" """.TrimEnd(),
            "sentinel.endpoints[1]: \"s2\" has no port; expected \"host:port\" or \"[IPv6]:port\" "
                + "(from REDISPROXY_sentinel__endpoints__1)",
            "sentinel.password: contains a line break; expected one line",
            "backend.password: contains a line break; expected one line (from REDISPROXY_backend__password)",
            """client.keepAlive: "***@1" is not an object; expected an object (from REDISPROXY_client__keepAlive)""",
            """hold.timeout: "4 sec" is not a duration; expected something like "250ms", "4s" or "2m" (from REDISPROXY_hold__timeout)""",
            """hold.maxOutage: "y" is not a duration; expected something like "250ms", "4s" or "2m" """.TrimEnd(),
            """hold.timout: unknown key; did you mean "timeout"? (from REDISPROXY_hold__timout)""",
            """loops.count: "all" is not a whole number; expected 0 to 64 (from --option)""",
            $"\"\": unknown key; {Sections} (from REDISPROXY___x)",
            $"nope: unknown key; {Sections} (from REDISPROXY_nope__x__y)");
    }

    [Fact]
    public void Environment_ListInOneVariable_IsReportedWithTheWayToWriteIt()
    {
        Configured.AssertErrors(
            Configured.Read($"{{ {Configured.Listeners} }}", environment: [("REDISPROXY_sentinel__endpoints", "s1:1,s2:1")]),
            "sentinel.endpoints: \"s1:1,s2:1\" is not a list; expected REDISPROXY_sentinel__endpoints__0 and so on "
                + "(from REDISPROXY_sentinel__endpoints)");
    }

    [Fact]
    public void Environment_TwoSpellingsOfOneKey_AreReported()
    {
        Configured.AssertErrors(
            Configured.Read(File, environment: [("REDISPROXY_hold__timeout", "1s"), ("REDISPROXY_HOLD__TIMEOUT", "1s")]),
            "hold.timeout: is given by REDISPROXY_HOLD__TIMEOUT and by REDISPROXY_hold__timeout; expected one of them "
                + "(from REDISPROXY_HOLD__TIMEOUT)");
    }

    [Theory]
    [InlineData(null, null, true)]
    [InlineData(null, "REDISPROXY_SERVICE_HOST", true)]
    [InlineData(null, "REDISPROXY_hold__timeout", false)]
    [InlineData("{}", null, false)]
    public void Reading_OfNothingAtAll_SaysSo(string? json, string? variable, bool expected)
    {
        OptionsReading reading = Configured.Read(json, environment: variable is null ? [] : [(variable, "1s")]);

        Assert.Null(reading.Options);
        Assert.Equal(expected, reading.IsNothingGiven);
    }
}
