using RedisProxy.Configuration;

namespace RedisProxy.Tests.Configuration;

public sealed class NotifyOptionTests
{
    private const string Secret = "s3cret";
    private const string Hook = "'webhook': { 'url': 'http://h:1/x' }";
    private const string NotAUrl = "is not an absolute URL; expected something like \"https://ops.example/hooks/redis\", http or https";
    private const string Events = "expected \"failover_started\", \"failover_finished\", \"failover_aborted\", \"master_down\", "
        + "\"master_up\", \"sentinels_lost\", \"sentinels_back\", \"replica_unhealthy\", \"replica_healthy\", \"drift_found\" "
        + "or \"drift_gone\"";

    public static TheoryData<string, string> BadValues => new()
    {
        { Hook, "notify[0].name: missing; expected a name for logs and metrics" },
        { $"'name': 'a b', {Hook}", "notify[0].name: \"a b\" is not a name; expected one word without spaces" },
        { "'name': 'a'", "notify[0]: has no destination; expected webhook or command" },
        {
            $"'name': 'a', {Hook}, 'command': {{ 'path': '/bin/true' }}",
            "notify[0].command: is given together with webhook; expected one of them"
        },
        { $"'name': 'a', {Hook}, 'events': [ 'failover' ]", $"notify[0].events[0]: \"failover\" is unknown; {Events}" },
        { $"'name': 'a', {Hook}, 'events': [ 'test' ]", $"notify[0].events[0]: \"test\" is unknown; {Events}" },
        { $"'name': 'a', {Hook}, 'masters': [ 'other' ]", "notify[0].masters: \"other\" is not a known master; expected \"mymaster\"" },
        { $"'name': 'a', {Hook}, 'startedAfter': '2h'", "notify[0].startedAfter: \"2h\" is out of range; expected 0s to 1h" },
        { $"'name': 'a', {Hook}, 'rateLimit': {{ 'burst': 0 }}", "notify[0].rateLimit.burst: \"0\" is out of range; expected 1 to 1000" },
        {
            $"'name': 'a', {Hook}, 'rateLimit': {{ 'interval': '1ms' }}",
            "notify[0].rateLimit.interval: \"1ms\" is out of range; expected 100ms to 1h"
        },
        { "'name': 'a', 'webhook': {}", "notify[0].webhook.url: missing; expected url or urlFile" },
        { $"'name': 'a', 'webhook': {{ 'url': 'h:{Secret}' }}", $"notify[0].webhook.url: {NotAUrl}" },
        { $"'name': 'a', 'webhook': {{ 'url': '/{Secret}' }}", $"notify[0].webhook.url: {NotAUrl}" },
        { $"'name': 'a', 'webhook': {{ 'url': 'ftp://h/{Secret}' }}", $"notify[0].webhook.url: {NotAUrl}" },
        {
            "'name': 'a', 'webhook': { 'url': 'http://h', 'secretFile': 'none' }",
            "notify[0].webhook.secretFile: \"none\" does not exist; expected a file with the secret in its first line"
        },
        {
            $"'name': 'a', 'webhook': {{ 'url': 'http://h', 'timeout': '2m' }}",
            "notify[0].webhook.timeout: \"2m\" is out of range; expected 100ms to 1m"
        },
        {
            "'name': 'a', 'webhook': { 'url': 'http://h', 'maxAttempts': 21 }",
            "notify[0].webhook.maxAttempts: \"21\" is out of range; expected 1 to 20"
        },
        { "'name': 'a', 'webhook': { 'uri': 'http://h', 'url': 'http://h' }", "notify[0].webhook.uri: unknown key; did you mean \"url\"?" },
        { "'name': 'a', 'command': {}", "notify[0].command.path: missing; expected the path of a program" },
        {
            "'name': 'a', 'command': { 'path': '/no/such' }",
            "notify[0].command.path: \"/no/such\" does not exist; expected an executable program"
        },
        {
            "'name': 'a', 'command': { 'path': '/etc' }",
            "notify[0].command.path: \"/etc\" is a directory; expected an executable program"
        },
        {
            "'name': 'a', 'command': { 'path': '/etc/passwd' }",
            "notify[0].command.path: \"/etc/passwd\" is not executable; expected an executable program"
        },
        {
            "'name': 'a', 'command': { 'path': '/bin/true', 'role': 'chief' }",
            "notify[0].command.role: \"chief\" is unknown; expected \"leader\" or \"observer\""
        },
        { $"'name': 'a', {Hook}, 'event': []", "notify[0].event: unknown key; did you mean \"events\"?" },
    };

    [Theory]
    [MemberData(nameof(BadValues))]
    public void Value_Bad_IsReportedWithoutASecret(string keys, string expected)
    {
        Configured.AssertErrors(Configured.ReadWith($"'notify': [ {{ {keys} }} ]"), expected);
        Assert.DoesNotContain(Secret, expected, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_Twice_AreAnError() => Configured.AssertErrors(
        Configured.ReadWith($"'notify': [ {{ 'name': 'a', {Hook} }}, {{ 'name': 'a', {Hook} }} ]"),
        "notify[1].name: \"a\" is the name of another receiver, too; expected one of its own");

    [Fact]
    public void Receivers_MoreThanALot_AreAnError() => Configured.AssertErrors(
        Configured.ReadWith($"'notify': [ {string.Join(", ", Enumerable.Range(0, 33).Select(i => $"{{ 'name': 'a{i}', {Hook} }}"))} ]"),
        "notify: has 33 receivers; expected at most 32");

    [Fact]
    public void Values_Good_AreReadWithTheirDefaults()
    {
        using var directory = new ScratchDirectory();
        string url = Path.Combine(directory.Path, directory.Write("url", "https://u:p@ops.example:8443/T0/canary?key=canary\n"));
        string key = Path.Combine(directory.Path, directory.Write("key", "k3y\n"));
        IReadOnlyList<NotifyOptions> notify = Configured.Good(Configured.ReadWith(
            $"'notify': [ {{ 'name': 'ops', 'webhook': {{ 'urlFile': '{url}', 'secretFile': '{key}' }} }}, "
            + "{ 'name': 'script', 'masters': [ 'mymaster' ], 'command': { 'path': '/bin/true', 'args': [ '-x', '-x', '' ] } } ]")).Notify;

        Assert.Equal(["ops", "script"], notify.Select(receiver => receiver.ToString()));
        NotifyOptions ops = notify[0];
        Assert.Equal(NotifyEvents.All, ops.Events);
        Assert.Equal(11, ops.Events.Count);
        Assert.Empty(ops.Masters);
        Assert.Equal(TimeSpan.FromSeconds(5), ops.StartedAfter);
        Assert.Equal((10, TimeSpan.FromSeconds(30)), (ops.RateLimit.Burst, ops.RateLimit.Interval));
        Assert.Equal(("k3y", TimeSpan.FromSeconds(5), 5), (ops.Webhook!.Secret, ops.Webhook.Timeout, ops.Webhook.MaxAttempts));
        Assert.Equal("https://ops.example:8443", ops.Webhook.ToString());
        Assert.DoesNotContain("canary", $"{ops} {ops.Webhook}", StringComparison.Ordinal);

        NotifyOptions script = notify[1];
        Assert.Equal([NotifyEvent.FailoverFinished], script.Events);
        Assert.Equal(["mymaster"], script.Masters);
        Assert.Equal(["-x", "-x", ""], script.Command!.Args);
        Assert.Equal(
            ("/bin/true", CommandRole.Leader, TimeSpan.FromMinutes(1), 10),
            (script.Command.Path, script.Command.Role, script.Command.Timeout, script.Command.MaxAttempts));
    }

    [Fact]
    public void Values_FromTheEnvironment_AreRead()
    {
        ProxyOptions options = Configured.Good(Configured.Read(
            $"{{ {Configured.Listeners}, {Configured.Sentinel} }}",
            environment: [("REDISPROXY_notify__0__name", "ops"), ("REDISPROXY_notify__0__webhook__url", "http://h:1")]));
        Assert.Equal("http://h:1", options.Notify[0].Webhook!.ToString());
    }

    [Fact]
    public void Changes_AreToldByReceiverWithoutAddressesAndSecretsAndAreAllTaken()
    {
        ProxyOptions old = Configured.Good(Configured.ReadWith(
            "'notify': [ { 'name': 'gone', 'webhook': { 'url': 'http://h/canary' } }, "
            + "{ 'name': 'ops', 'webhook': { 'url': 'http://h/old-canary', 'secret': 'old-canary' } } ]"));
        ProxyOptions now = Configured.Good(Configured.ReadWith(
            "'notify': [ { 'name': 'ops', 'startedAfter': '1s', 'webhook': { 'url': 'http://h/new-canary', 'secret': 'new-canary' } }, "
            + "{ 'name': 'new', 'command': { 'path': '/bin/true' } } ]"));
        IReadOnlyList<OptionChange> changes = OptionChanges.Between(old, now);
        Assert.Equal(
            [
                "receiver 'gone': removed", "receiver 'ops', startedAfter: 5s → 1s", "receiver 'ops', webhook.url: changed",
                "receiver 'ops', webhook.secret: changed", "receiver 'new': added",
            ],
            changes.Select(change => change.Text));
        Assert.All(changes, change => Assert.False(change.NeedsRestart));
        Assert.Equal(now.Notify, OptionChanges.WhatCanBeTaken(old, now).Notify);
        Assert.True(NotifyChanges.AreSame(old.Notify[1], Configured.Good(Configured.ReadWith(
            "'notify': [ { 'name': 'ops', 'webhook': { 'url': 'http://h/old-canary', 'secret': 'old-canary' } } ]")).Notify[0]));
    }
}
