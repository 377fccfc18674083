using RedisProxy.Configuration;

namespace RedisProxy.Tests.Configuration;

public sealed class RoleOptionTests
{
    private const string Expected = "; expected a parameter that may depend on the role";
    private const string FollowsWhom = $"controls replication or failover, which is up to Sentinel{Expected}";
    private const string Reached = $"controls how the server is reached{Expected}";
    private const string LetIn = $"controls access, or is a secret{Expected}";
    private const string Where = $"is a location on the server's own machine{Expected}";
    private const string AtTheStart = $"is only read when the server starts{Expected}";

    [Fact]
    public void Values_Good_AreReadAsTheyAre()
    {
        RoleOptions roles = Configured.Good(Configured.Read(
            $$"""
            { {{Configured.Listeners}}, {{Configured.Sentinel}},
              'roles': { 'masters': [ 'mymaster' ], 'interval': '1m', 'rewrite': true,
                         'master': { 'config': { 'save': '', 'appendonly': 'no', 'Maxmemory': '1gb', 'repl-backlog-size': 1048576 } } } }
            """,
            environment: [("REDISPROXY_roles__replica__config__appendonly", "yes")])).Roles;

        Assert.Equal(
            new Dictionary<string, string>
            {
                ["save"] = "", ["appendonly"] = "no", ["maxmemory"] = "1gb", ["repl-backlog-size"] = "1048576",
            },
            roles.Master.Config);
        Assert.Equal("yes", Assert.Single(roles.Replica.Config).Value);
        Assert.Equal((TimeSpan.FromMinutes(1), true, false), (roles.Interval, roles.Rewrite, roles.DryRun));
        Assert.True(roles.IsAbout("mymaster"));
        Assert.False(roles.IsAbout("another"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("'roles': {},")]
    [InlineData("'roles': { 'dryRun': true, 'master': { 'config': {} } },")]
    public void Policy_None_IsOff(string section) => Assert.False(
        Configured.Good(Configured.Read($"{{ {section} {Configured.Listeners}, {Configured.Sentinel} }}")).Roles.IsAbout("mymaster"));

    [Theory]
    [InlineData("replicaof", FollowsWhom)]
    [InlineData("slaveof", FollowsWhom)]
    [InlineData("replica-announce-ip", FollowsWhom)]
    [InlineData("slave-announce-ip", FollowsWhom)]
    [InlineData("slave-priority", FollowsWhom)]
    [InlineData("cluster-enabled", FollowsWhom)]
    [InlineData("port", Reached)]
    [InlineData("bind", Reached)]
    [InlineData("bind-source-addr", Reached)]
    [InlineData("unixsocket", Reached)]
    [InlineData("tls-cert-file", Reached)]
    [InlineData("protected-mode", Reached)]
    [InlineData("requirepass", LetIn)]
    [InlineData("masterauth", LetIn)]
    [InlineData("masteruser", LetIn)]
    [InlineData("user", LetIn)]
    [InlineData("aclfile", LetIn)]
    [InlineData("search.secret-key", LetIn)]
    [InlineData("dir", Where)]
    [InlineData("dbfilename", Where)]
    [InlineData("loadmodule", AtTheStart)]
    [InlineData("rename-command", AtTheStart)]
    [InlineData("replica-read-only", $"keeps replicas identical to their master{Expected}")]
    [InlineData("max*", "is not a parameter of CONFIG SET; expected something like \"maxmemory-policy\"")]
    public void Parameter_ThatNoRoleMayDecide_IsRefused(string name, string complaint)
    {
        // Only plain words are shown without quotes in a path.
        string shown = name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-') ? $".{name}" : $".\"{name}\"";
        Configured.AssertErrors(
            Configured.ReadWith($"'roles': {{ 'replica': {{ 'config': {{ '{name}': 'x' }} }} }}"),
            $"roles.replica.config{shown}: as a key, \"{name}\" {complaint}");
    }

    [Theory]
    [InlineData("'appendonly': true", "roles.master.config.appendonly: \"true\" is not a value Redis accepts; expected \"yes\"")]
    [InlineData("'appendonly': 'a\\nb'",
        "roles.master.config.appendonly: \"a\\u000ab\" is not the value of a parameter; expected one line of at most 1024 characters")]
    [InlineData("'save': 'no', 'SAVE': 'no'", "roles.master.config.SAVE: is given twice; expected once")]
    public void Value_ThatIsNone_IsRefused(string config, string expected) => Configured.AssertErrors(
        Configured.ReadWith($"'roles': {{ 'master': {{ 'config': {{ {config} }} }} }}"), expected);

    [Fact]
    public void Section_ThatFitsNothingElse_IsRefused()
    {
        const string Policy = "'master': { 'config': { 'appendonly': 'no' } }";
        Configured.AssertErrors(
            Configured.ReadWith($"'roles': {{ {Policy}, 'masters': [ 'another' ] }}"),
            "roles.masters[0]: \"another\" is not the master of a listener; expected one that is");
        Configured.AssertErrors(
            Configured.Read(
                "{ 'listeners': [ { 'name': 'a', 'bind': '127.0.0.1:6380' } ], 'backend': { 'endpoint': '127.0.0.1:6379' }, "
                + $"'roles': {{ {Policy} }} }}"),
            "roles: needs sentinel; expected no roles with backend.endpoint, whose server keeps its role");
        Configured.AssertErrors(
            Configured.ReadWith($"'roles': {{ {Policy}, 'interval': '0', 'replcia': {{}} }}"),
            "roles.interval: \"0\" is out of range; expected 1s to 1h", "roles.replcia: unknown key; did you mean \"replica\"?");
        string many = string.Join(", ", Enumerable.Range(0, 65).Select(i => $"'p{i}': '1'"));
        Configured.AssertErrors(
            Configured.ReadWith($"'roles': {{ 'replica': {{ 'config': {{ {many} }} }} }}"),
            "roles.replica.config: has 65 parameters; expected at most 64");
    }

    [Fact]
    public void Changes_AreTakenByAReload()
    {
        ProxyOptions old = Configured.Good(Configured.ReadWith("'roles': { 'master': { 'config': { 'appendonly': 'no' } } }"));
        ProxyOptions now = Configured.Good(Configured.ReadWith(
            "'roles': { 'dryRun': true, 'master': { 'config': { 'appendonly': 'no', 'save': '' } } }"));

        IReadOnlyList<OptionChange> changes = OptionChanges.Between(old, now);

        Assert.Equal(
            ["roles.master.config: appendonly 'no' → appendonly 'no', save ''", "roles.dryRun: false → true"],
            changes.Select(change => change.Text));
        Assert.All(changes, change => Assert.False(change.NeedsRestart));
        Assert.Same(now.Roles, OptionChanges.WhatCanBeTaken(old, now).Roles);
    }
}
