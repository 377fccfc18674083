namespace RedisProxy.Tests.Configuration;

/// <summary>What is said about <c>listeners</c>, its keys, and the rules between listeners and everything else.</summary>
public sealed class ListenerOptionTests
{
    private const string Expected = "expected [ { \"bind\": \"host:port\", … }, … ]";

    public static TheoryData<string, string[]> BadLists => new()
    {
        { "", ["listeners: missing; expected at least one listener"] },
        { "'listeners': null,", ["listeners: missing; expected at least one listener"] },
        { "'listeners': [],", ["listeners: missing; expected at least one listener"] },
        { "'listeners': {},", [$"listeners: is an object; {Expected}", "listeners: missing; expected at least one listener"] },
        { "'listeners': { 'bind': '127.0.0.1:1' },", [$"listeners: is an object; {Expected}"] },
        { "'listeners': '127.0.0.1:1',", [$"listeners: \"127.0.0.1:1\" is not a list; {Expected}"] },
        { "'listeners': [ '127.0.0.1:1' ],", ["listeners[0]: \"127.0.0.1:1\" is not an object; expected an object"] },
        { "'listeners': [ [] ],", ["listeners[0]: is a list; expected an object"] },
        {
            "'listeners': [ {} ],",
            [
                """listeners[0].bind: missing; expected "host:port", "[IPv6]:port" or "unix:/path" """,
                "listeners[0].master: missing; expected the name of the master, as Sentinel knows it",
            ]
        },
        {
            "'listeners': [ null ],",
            [
                """listeners[0].bind: missing; expected "host:port", "[IPv6]:port" or "unix:/path" """,
                "listeners[0].master: missing; expected the name of the master, as Sentinel knows it",
            ]
        },
    };

    public static TheoryData<string, string> BadKeys => new()
    {
        { "'name': 'my app'", """listeners[0].name: "my app" is not a name; expected one word without spaces""" },
        { "'name': ''", """listeners[0].name: "" is not a name; expected one word without spaces""" },
        { "'name': 'a\\nb'", """listeners[0].name: "a\u000ab" is not a name; expected one word without spaces""" },
        { "'role': 'slave'", """listeners[0].role: "slave" is unknown; expected "master" or "replica" """ },
        { "'maxSessions': 0", """listeners[0].maxSessions: "0" is out of range; expected 1 to 1000000""" },
        { "'maxSessions': 1000001", """listeners[0].maxSessions: "1000001" is out of range; expected 1 to 1000000""" },
        { "'maxSessions': 'many'", """listeners[0].maxSessions: "many" is not a whole number; expected 1 to 1000000""" },
        { "'proxyProtocol': 'v2'", """listeners[0].proxyProtocol: "v2" is not a list; expected [ "10.0.0.0/8", … ]""" },
        {
            "'proxyProtocol': [ '10.0.0.1' ]",
            """listeners[0].proxyProtocol[0]: "10.0.0.1" is not a network; expected something like "10.0.0.0/8" or "2001:db8::/32" """
        },
        { "'users': [ { 'username': 'a' } ]", "listeners[0].users[0].password: missing; expected password or passwordFile" },
        { "'backendUser': { }", "listeners[0].backendUser.password: missing; expected password or passwordFile" },
        { "'backendUser': 'app'", "listeners[0].backendUser: \"app\" is not an object; expected an object" },
        { "'pubsub': 'keep'", """listeners[0].pubsub: "keep" is unknown; expected "close" or "resubscribe" """ },
        { "'maxLagBytes': '10MiB'", "listeners[0].maxLagBytes: applies only to replicas; expected role: replica as well" },
        { "'fallback': 'master'", "listeners[0].fallback: applies only to replicas; expected role: replica as well" },
        {
            "'role': 'replica', 'fallback': 'none'",
            """listeners[0].fallback: "none" is unknown; expected "master" or "reject" """
        },
        {
            "'role': 'replica', 'maxLagBytes': '10MB'",
            """listeners[0].maxLagBytes: "10MB" is not a size; expected something like 65536, "64KiB" or "10MiB" """
        },
        {
            "'role': 'replica', 'maxLagSeconds': 3601",
            """listeners[0].maxLagSeconds: "3601" is out of range; expected 0 to 3600"""
        },
        {
            "'role': 'replica', 'weights': { '10.0.0.1': 2 }",
            "listeners[0].weights.\"10.0.0.1\": as a key, \"10.0.0.1\" is not a network; "
                + "expected something like \"10.0.0.0/8\" or \"2001:db8::/32\""
        },
        {
            "'role': 'replica', 'weights': { '10.0.0.0/8': -1 }",
            """listeners[0].weights."10.0.0.0/8": "-1" is out of range; expected 0 to 1000"""
        },
        {
            "'multiplex': { 'links': 65 }",
            """listeners[0].multiplex.links: "65" is out of range; expected 0 to 64"""
        },
        { "'durable': { 'replicas': 17 }", """listeners[0].durable.replicas: "17" is out of range; expected 0 to 16""" },
        { "'durable': { 'timeout': '0s' }", """listeners[0].durable.timeout: "0s" is out of range; expected 1ms to 1h""" },
        {
            "'durable': { 'onTimeout': 'wait' }",
            """listeners[0].durable.onTimeout: "wait" is unknown; expected "error" or "disconnect" """.TrimEnd()
        },
        {
            "'role': 'replica', 'durable': { 'replicas': 1 }",
            "listeners[0].durable: applies only to the master, replicas take no writes"
        },
        {
            "'handoffAddress': '[::1]:6380'",
            """listeners[0].handoffAddress: "[::1]:6380" is not understood by all clients; expected a name or an IPv4 address"""
        },
        { "'multiplex': 2", """listeners[0].multiplex: "2" is not an object; expected an object""" },
        { "'multiplex': { 'link': 2 }", """listeners[0].multiplex.link: unknown key; did you mean "links"?""" },
        { "'maxSession': 5", """listeners[0].maxSession: unknown key; did you mean "maxSessions"?""" },
        {
            "'timeout': '1s'",
            "listeners[0].timeout: unknown key; expected "
                + "name, bind, socketMode, socketGroup, master, role, maxLagBytes, maxLagSeconds, fallback, slowStart, "
                + "weights, maxSessions, "
                + "tls, proxyProtocol, pubsub, multiplex, durable, handoffs, handoffAddress, users or backendUser"
        },
    };

    private const string ExpectedBind = "expected \"host:port\", \"[IPv6]:port\" or \"unix:/path\"";

    private const string PortAdvice =
        ", such as \"127.0.0.1:6380\" for this machine only or \"0.0.0.0:6380\" for all addresses";

    public static TheoryData<string, string> BadBinds => new()
    {
        { "6380", $"""listeners[0].bind: "6380" is only a port; {ExpectedBind}{PortAdvice}""" },
        { "'6380'", $"""listeners[0].bind: "6380" is only a port; {ExpectedBind}{PortAdvice}""" },
        { "':6380'", $"""listeners[0].bind: ":6380" is not an address to listen on; {ExpectedBind}{PortAdvice}""" },
        { "'*:6380'", $"""listeners[0].bind: "*:6380" is not an address to listen on; {ExpectedBind}{PortAdvice}""" },
        { "70000", $"""listeners[0].bind: "70000" has no valid port (1 to 65535); {ExpectedBind}""" },
        { "'127.0.0.1:70000'", $"""listeners[0].bind: "127.0.0.1:70000" has no valid port (1 to 65535); {ExpectedBind}""" },
        { "'127.0.0.1:0'", $"""listeners[0].bind: "127.0.0.1:0" has no valid port (1 to 65535); {ExpectedBind}""" },
        { "'localhost'", $"""listeners[0].bind: "localhost" has no port; {ExpectedBind}""" },
        { "'localhost:'", $"""listeners[0].bind: "localhost:" has no port; {ExpectedBind}""" },
        { "'redis://localhost:6380'", $"""listeners[0].bind: "redis://localhost:6380" is a URL; {ExpectedBind}""" },
        {
            "'::1:6380'",
            """listeners[0].bind: "::1:6380" is not an address to listen on; expected "host:port", "[IPv6]:port" or "unix:/path" """
        },
        { "''", """listeners[0].bind: "" is not an address to listen on; expected "host:port", "[IPv6]:port" or "unix:/path" """ },
        { "'unix:x'", """listeners[0].bind: "unix:x" is not a socket's path; expected "unix:/path", from the root""" },
        { "{}", "listeners[0].bind: is a list or an object; expected a single value" },
        { "null", """listeners[0].bind: missing; expected "host:port", "[IPv6]:port" or "unix:/path" """ },
    };

    public static TheoryData<string, string[]> Clashes => new()
    {
        {
            "{ 'bind': 'h:1', 'master': 'm' }, { 'bind': 'h:2', 'master': 'm' }",
            ["""listeners[1].name: "m", taken from master, is the name of listeners[0], too; expected one of its own"""]
        },
        {
            "{ 'bind': 'h:1', 'master': 'm' }, { 'bind': 'h:2', 'master': 'n', 'name': 'm' }",
            ["""listeners[1].name: "m" is the name of listeners[0], too; expected one of its own"""]
        },
        {
            "{ 'bind': 'h:1', 'master': 'm' }, { 'bind': 'H:1', 'master': 'n' }",
            ["""listeners[1].bind: "H:1" is listeners[0].bind, too; expected one of its own"""]
        },
        {
            "{ 'bind': 'localhost:1', 'master': 'm' }, { 'bind': '127.0.0.1:1', 'master': 'n' }, { 'bind': '[::1]:1', 'master': 'o' }",
            [
                """listeners[1].bind: "127.0.0.1:1" is listeners[0].bind, too; expected one of its own""",
                """listeners[2].bind: "[::1]:1" is listeners[0].bind, too; expected one of its own""",
            ]
        },
        {
            "{ 'bind': 'unix:/a', 'master': 'm' }, { 'bind': 'unix:/a', 'master': 'n' }, { 'bind': 'unix:/A', 'master': 'o' }",
            ["""listeners[1].bind: "unix:/a" is listeners[0].bind, too; expected one of its own"""]
        },
        {
            "{ 'bind': '127.0.0.1:9180', 'master': 'm' }",
            ["""admin.bind: "127.0.0.1:9180" is listeners[0].bind, too; expected one of its own, or "" for none"""]
        },
        {
            "{ 'bind': '127.0.0.1:26379', 'master': 'm' }",
            ["""sentinel.endpoints: "127.0.0.1:26379" is this proxy's own listeners[0].bind; expected the address of a Sentinel"""]
        },
        {
            "{ 'bind': 'h:x', 'master': 'm m' }, { 'bind': 'h:x', 'master': 'm m' }",
            [
                """listeners[0].bind: "h:x" is not an address to listen on; expected "host:port", "[IPv6]:port" or "unix:/path" """,
                """listeners[0].master: "m m" is not a name; expected one word without spaces""",
                """listeners[1].bind: "h:x" is not an address to listen on; expected "host:port", "[IPv6]:port" or "unix:/path" """,
                """listeners[1].master: "m m" is not a name; expected one word without spaces""",
            ]
        },
    };

    [Theory]
    [MemberData(nameof(BadLists))]
    public void List_Bad_IsReported(string listeners, string[] expected) =>
        Configured.AssertErrors(Configured.Read($"{{ {listeners} {Configured.Sentinel} }}"), [.. expected.Select(e => e.TrimEnd(' '))]);

    [Theory]
    [MemberData(nameof(BadKeys))]
    public void Key_Bad_IsReported(string keys, string expected) => Configured.AssertErrors(
        Configured.Read($"{{ 'listeners': [ {{ 'bind': '127.0.0.1:6380', 'master': 'm', {keys} }} ], {Configured.Sentinel} }}"),
        expected.TrimEnd(' '));

    [Theory]
    [MemberData(nameof(BadBinds))]
    public void Bind_Bad_IsReported(string bind, string expected) => Configured.AssertErrors(
        Configured.Read($"{{ 'listeners': [ {{ 'bind': {bind}, 'master': 'm' }} ], {Configured.Sentinel} }}"),
        expected.TrimEnd(' '));

    [Theory]
    [MemberData(nameof(Clashes))]
    public void Listeners_ThatClash_AreReported(string listeners, string[] expected) => Configured.AssertErrors(
        Configured.Read($"{{ 'listeners': [ {listeners} ], {Configured.Sentinel} }}"), [.. expected.Select(e => e.TrimEnd(' '))]);

    [Theory]
    [InlineData("{ 'bind': '127.0.0.1:1', 'master': 'm' }, { 'bind': '[::1]:1', 'master': 'm', 'name': 'm6' }")]
    [InlineData("{ 'bind': '127.0.0.1:1', 'master': 'm' }, { 'bind': '127.0.0.2:1', 'master': 'n' }")]
    [InlineData("{ 'bind': '127.0.0.1:1', 'master': 'm', 'name': 'x' }, { 'bind': '127.0.0.1:2', 'master': 'n', 'name': 'm' }")]
    [InlineData("{ 'bind': '127.0.0.1:1', 'master': 'm', 'role': 'master', 'pubsub': 'resubscribe', 'proxyProtocol': [] }")]
    [InlineData("{ 'bind': '127.0.0.1:1', 'master': 'm', 'proxyProtocol': [ '10.0.0.0/8', '::/0' ], 'tls': null, 'maxSessions': 1 }")]
    [InlineData("{ 'bind': 'unix:/run/a.sock', 'master': 'm', 'maxSessions': '1000000' }")]
    public void Listeners_ThatDoNotClash_AreGood(string listeners) =>
        Configured.Good(Configured.Read($"{{ 'listeners': [ {listeners} ], {Configured.Sentinel} }}"));
}
