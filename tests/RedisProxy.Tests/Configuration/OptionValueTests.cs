namespace RedisProxy.Tests.Configuration;

/// <summary>What is said about single values and keys. Each case is an otherwise good file with one bad section.</summary>
public sealed class OptionValueTests
{
    private const string Sections =
        "expected listeners, sentinel, backend, client, hold, replay, admin, shutdown, loops, otlp, audit, slowlog, roles, sentinelFacade "
        + "or notify";
    private const string NotSingle = "is a list or an object; expected a single value";

    public static TheoryData<string, string> BadDurations => new()
    {
        { "'hold': { 'timeout': '4 sec' }", """hold.timeout: "4 sec" is not a duration; expected something like "250ms", "4s" or "2m" """ },
        { "'hold': { 'timeout': 4 }", """hold.timeout: "4" is not a duration; expected something like "250ms", "4s" or "2m" """ },
        { "'hold': { 'timeout': '' }", """hold.timeout: "" is not a duration; expected something like "250ms", "4s" or "2m" """ },
        { "'hold': { 'timeout': true }", """hold.timeout: "true" is not a duration; expected something like "250ms", "4s" or "2m" """ },
        { "'hold': { 'timeout': [ '4s' ] }", $"hold.timeout: {NotSingle}" },
        { "'hold': { 'timeout': [] }", $"hold.timeout: {NotSingle}" },
        { "'hold': { 'timeout': {} }", $"hold.timeout: {NotSingle}" },
        { "'hold': { 'timeout': '61m' }", """hold.timeout: "61m" is out of range; expected 0s to 1h""" },
        {
            "'hold': { 'timeout': '99999999999999999999s' }",
            """hold.timeout: "99999999999999999999s" is out of range; expected 0s to 1h"""
        },
        { "'hold': { 'maxOutage': '25h' }", """hold.maxOutage: "25h" is out of range; expected 0s to 24h""" },
        { "'hold': { 'plannedTimeout': '0' }", """hold.plannedTimeout: "0" is out of range; expected 100ms to 1m""" },
        { "'hold': { 'plannedTimeout': '99ms' }", """hold.plannedTimeout: "99ms" is out of range; expected 100ms to 1m""" },
        { "'hold': { 'plannedTimeout': '61s' }", """hold.plannedTimeout: "61s" is out of range; expected 100ms to 1m""" },
        { "'backend': { 'connectTimeout': '9ms' }", """backend.connectTimeout: "9ms" is out of range; expected 10ms to 1m""" },
        { "'backend': { 'connectTimeout': '2m' }", """backend.connectTimeout: "2m" is out of range; expected 10ms to 1m""" },
        { "'backend': { 'userTimeout': '2h' }", """backend.userTimeout: "2h" is out of range; expected 0s to 1h""" },
        { "'client': { 'userTimeout': '2h' }", """client.userTimeout: "2h" is out of range; expected 0s to 1h""" },
        { "'client': { 'keepAlive': { 'time': '0s' } }", """client.keepAlive.time: "0s" is out of range; expected 1s to 9h""" },
        { "'client': { 'keepAlive': { 'time': '10h' } }", """client.keepAlive.time: "10h" is out of range; expected 1s to 9h""" },
        {
            "'client': { 'keepAlive': { 'time': '1500ms' } }",
            """client.keepAlive.time: "1500ms" is not a whole number of seconds; expected something like "10s" or "2m" """
        },
        {
            "'backend': { 'keepAlive': { 'interval': '900ms' } }",
            """backend.keepAlive.interval: "900ms" is out of range; expected 1s to 9h"""
        },
        {
            "'backend': { 'keepAlive': { 'interval': 'x' } }",
            """backend.keepAlive.interval: "x" is not a duration; expected something like "250ms", "4s" or "2m" """
        },
        { "'shutdown': { 'drainTimeout': '2h' }", """shutdown.drainTimeout: "2h" is out of range; expected 0s to 1h""" },
        { "'shutdown': { 'minDelay': '11m' }", """shutdown.minDelay: "11m" is out of range; expected 0s to 10m""" },
    };

    public static TheoryData<string, string> BadNumbersAndSizes => new()
    {
        { "'loops': { 'count': -1 }", """loops.count: "-1" is out of range; expected 0 to 64""" },
        { "'loops': { 'maxBufferMemory': '1MiB' }", """loops.maxBufferMemory: "1MiB" is out of range; expected 0 or 16MiB to 1024GiB""" },
        { "'loops': { 'count': 65 }", """loops.count: "65" is out of range; expected 0 to 64""" },
        { "'loops': { 'count': 99999999999 }", """loops.count: "99999999999" is out of range; expected 0 to 64""" },
        { "'loops': { 'count': 1.5 }", """loops.count: "1.5" is not a whole number; expected 0 to 64""" },
        { "'loops': { 'count': 1e1 }", """loops.count: "1e1" is not a whole number; expected 0 to 64""" },
        { "'loops': { 'count': 'auto' }", """loops.count: "auto" is not a whole number; expected 0 to 64""" },
        { "'loops': { 'count': '' }", """loops.count: "" is not a whole number; expected 0 to 64""" },
        { "'loops': { 'count': '-' }", """loops.count: "-" is not a whole number; expected 0 to 64""" },
        { "'backend': { 'maxConcurrentConnects': 0 }", """backend.maxConcurrentConnects: "0" is out of range; expected 1 to 10000""" },
        {
            "'backend': { 'maxConcurrentConnects': 10001 }",
            """backend.maxConcurrentConnects: "10001" is out of range; expected 1 to 10000"""
        },
        { "'client': { 'keepAlive': { 'retries': 0 } }", """client.keepAlive.retries: "0" is out of range; expected 1 to 127""" },
        { "'client': { 'keepAlive': { 'retries': 128 } }", """client.keepAlive.retries: "128" is out of range; expected 1 to 127""" },
        {
            "'replay': { 'maxBytesPerSession': '64KB' }",
            """replay.maxBytesPerSession: "64KB" is not a size; expected something like 65536, "64KiB" or "10MiB" """
        },
        { "'replay': { 'maxBytesPerSession': 1023 }", """replay.maxBytesPerSession: "1023" is out of range; expected 1KiB to 64MiB""" },
        { "'replay': { 'maxBytesPerSession': '65MiB' }", """replay.maxBytesPerSession: "65MiB" is out of range; expected 1KiB to 64MiB""" },
        { "'replay': { 'maxBytesPerSession': '8GiB' }", """replay.maxBytesPerSession: "8GiB" is out of range; expected 1KiB to 64MiB""" },
    };

    public static TheoryData<string, string> BadChoices => new()
    {
        { "'hold': { 'planned': 'yes' }", """hold.planned: "yes" is not a boolean; expected true or false""" },
        { "'hold': { 'planned': 1 }", """hold.planned: "1" is not a boolean; expected true or false""" },
        { "'replay': { 'reads': '' }", """replay.reads: "" is not a boolean; expected true or false""" },
        {
            "'replay': { 'onUnknownOutcome': 'retry' }",
            """replay.onUnknownOutcome: "retry" is unknown; expected "error" or "disconnect" """
        },
        {
            "'replay': { 'onUnknownBlocking': 'close' }",
            """replay.onUnknownBlocking: "close" is unknown; expected "error" or "disconnect" """
        },
        {
            "'replay': { 'notExecutedCode': 'ERR' }",
            """replay.notExecutedCode: "ERR" is unknown; expected "LOADING", "MASTERDOWN", "TRYAGAIN" or "CLUSTERDOWN" """
        },
        {
            "'replay': { 'notExecutedCode': 0 }",
            """replay.notExecutedCode: "0" is unknown; expected "LOADING", "MASTERDOWN", "TRYAGAIN" or "CLUSTERDOWN" """
        },
        {
            "'admin': { 'bind': '9180' }",
            """admin.bind: "9180" is only a port; expected "host:port", "[IPv6]:port", "unix:/path" or "" for none"""
                + ", such as \"127.0.0.1:9180\" for this machine only or \"0.0.0.0:9180\" for all addresses"
        },
        {
            "'admin': { 'bind': 'unix:run/x' }",
            """admin.bind: "unix:run/x" is not a socket's path; expected "unix:/path", from the root"""
        },
        {
            $"'admin': {{ 'bind': 'unix:/{new string('x', 106)}' }}",
            $"""admin.bind: "unix:/{new string('x', 74)}…" is too long: the path of a socket has at most 106 bytes"""
        },
        { "'backend': { 'username': '', 'password': 'x' }", """backend.username: "" is empty; expected a value, or no such key""" },
    };

    public static TheoryData<string, string> BadBooleans => new()
    {
        { "'replay': { 'blocking': 'yes' }", """replay.blocking: "yes" is not a boolean; expected true or false""" },
    };

    public static TheoryData<string, string> UnknownKeys => new()
    {
        { "'hodl': { 'timeout': '1s' }", """hodl: unknown key; did you mean "hold"?""" },
        { "'listener': []", """listener: unknown key; did you mean "listeners"?""" },
        { "'port': 6380", $"port: unknown key; {Sections}" },
        { "'': 1", $"\"\": unknown key; {Sections}" },
        { "'hold': { 'timeot': '4 sec' }", """hold.timeot: unknown key; did you mean "timeout"?""" },
        { "'hold': { 'x': null }", "hold.x: unknown key; expected timeout, maxOutage, planned, plannedTimeout or acceptPromoted" },
        {
            "'hold': { 'x': { 'y': 1, 'z': 2 } }",
            "hold.x: unknown key; expected timeout, maxOutage, planned, plannedTimeout or acceptPromoted"
        },
        { "'client': { 'keepalives': {} }", """client.keepalives: unknown key; did you mean "keepAlive"?""" },
        { "'client': { 'keepAlive': { 'retry': 3 } }", "client.keepAlive.retry: unknown key; expected time, interval or retries" },
        { "'client': { 'keepAlive': { 'retris': 3 } }", """client.keepAlive.retris: unknown key; did you mean "retries"?""" },
        { "'backend': { 'pasword': 's3cret' }", """backend.pasword: unknown key; did you mean "password"?""" },
        {
            "'replay': { 'maxBytes': 1 }",
            "replay.maxBytes: unknown key; expected maxBytesPerSession, reads, blocking, onUnknownOutcome, onUnknownBlocking "
                + "or notExecutedCode"
        },
        { "'admin': { 'binds': '' }", """admin.binds: unknown key; did you mean "bind"?""" },
        { "'shutdown': { 'timeout': '1s' }", "shutdown.timeout: unknown key; expected drainTimeout or minDelay" },
        { "'loops': { 'threads': 1 }", "loops.threads: unknown key; expected count, transport or maxBufferMemory" },
    };

    public static TheoryData<string, string> WrongShapes => new()
    {
        { "'hold': 4", """hold: "4" is not an object; expected an object""" },
        { "'hold': ''", """hold: "" is not an object; expected an object""" },
        { "'hold': []", "hold: is a list; expected an object" },
        { "'hold': [ { 'timeout': '1s' } ]", "hold: is a list; expected an object" },
        { "'client': { 'keepAlive': true }", """client.keepAlive: "true" is not an object; expected an object""" },
        { "'backend': 'redis://:s3cret@host:6379'", """backend: "***@host:6379" is not an object; expected an object""" },
        { "'hold': { 'timeout': '1s' }, 'hold': { 'planned': true }", "hold: is given twice; expected once" },
        { "'hold': { 'timeout': '1s', 'timeout': '1s' }", "hold.timeout: is given twice; expected once" },
        { "'hold': { 'timeout': '1s', 'Timeout': '1s' }", "hold.Timeout: is given twice; expected once" },
        { "'hold': { 'timeout': '1s' }, 'hold:timeout': '1s'", "hold.timeout: is given twice; expected once" },
    };

    [Theory]
    [MemberData(nameof(BadDurations))]
    [MemberData(nameof(BadNumbersAndSizes))]
    [MemberData(nameof(BadChoices))]
    [MemberData(nameof(UnknownKeys))]
    [MemberData(nameof(WrongShapes))]
    [MemberData(nameof(BadBooleans))]
    public void Value_Bad_IsReportedInOneLine(string section, string expected) =>
        Configured.AssertErrors(Configured.ReadWith(section), expected.TrimEnd(' '));

    [Theory]
    [InlineData("'hold': { 'timeout': '0', 'maxOutage': '0s', 'plannedTimeout': '100ms' }")]
    [InlineData("'hold': { 'timeout': '1h', 'maxOutage': '24h', 'plannedTimeout': '60s' }")]
    [InlineData("'hold': { 'timeout': '3600s', 'planned': 'FALSE' }")]
    [InlineData("'backend': { 'connectTimeout': '10ms', 'userTimeout': '0', 'maxConcurrentConnects': 1 }")]
    [InlineData("'backend': { 'connectTimeout': '1m', 'userTimeout': '1h', 'maxConcurrentConnects': 10000 }")]
    [InlineData("'client': { 'keepAlive': { 'time': '1s', 'interval': '1000ms', 'retries': 1 } }")]
    [InlineData("'client': { 'keepAlive': { 'time': '9h', 'interval': '9h', 'retries': 127 } }")]
    [InlineData("'replay': { 'maxBytesPerSession': 1024, 'blocking': true }")]
    [InlineData("'replay': { 'maxBytesPerSession': '64MiB', 'blocking': 'False', 'notExecutedCode': 'tryagain' }")]
    [InlineData("'shutdown': { 'drainTimeout': '0', 'minDelay': '0' }")]
    [InlineData("'shutdown': { 'drainTimeout': '1h', 'minDelay': '10m' }")]
    [InlineData("'loops': { 'count': 0 }")]
    [InlineData("'loops': { 'count': '64' }")]
    [InlineData("'HOLD': { 'TimeOut': '1s' }")]
    [InlineData("'hold': {}, 'replay': null, 'client': { 'keepAlive': null }, 'loops': { 'count': null }")]
    [InlineData("'backend': { 'tls': null, 'endpoint': null }, 'admin': { 'token': null }")]
    public void Value_AtTheEndsOfItsRange_IsGood(string section) => Configured.Good(Configured.ReadWith(section));
}
