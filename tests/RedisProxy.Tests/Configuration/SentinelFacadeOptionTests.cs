using RedisProxy.Configuration;

namespace RedisProxy.Tests.Configuration;

public sealed class SentinelFacadeOptionTests
{
    public static TheoryData<string, string> BadValues => new()
    {
        {
            "'bind': 'unix:/run/facade.sock'",
            "sentinelFacade.bind: \"unix:/run/facade.sock\" is not an address to listen on; expected \"host:port\", \"[IPv6]:port\" "
                + "or \"\" for none"
        },
        { "'bind': '127.0.0.1:6380'", "sentinelFacade.bind: \"127.0.0.1:6380\" is listeners[0].bind, too; expected one of its own" },
        { "'bind': 'localhost:9180'", "sentinelFacade.bind: \"localhost:9180\" is admin.bind, too; expected one of its own" },
        {
            "'bind': '0.0.0.0:26379'",
            "sentinel.endpoints: \"127.0.0.1:26379\" is this proxy's own sentinelFacade.bind; expected the address of a Sentinel"
        },
        {
            "'bind': '127.0.0.1:1', 'advertise': { 'mymastre': 'h:1' }",
            "sentinelFacade.advertise.mymastre: no listener has this master; did you mean \"mymaster\"?"
        },
        {
            "'bind': '127.0.0.1:1', 'advertise': { 'cache': 'h:1' }",
            "sentinelFacade.advertise.cache: no listener has this master; expected the name of one that has a listener"
        },
        {
            "'advertise': { 'mymaster': '0.0.0.0:1' }",
            "sentinelFacade.advertise.mymaster: \"0.0.0.0:1\" is not an address to connect to; expected the address of a server"
        },
        { "'maxConnections': 0", "sentinelFacade.maxConnections: \"0\" is out of range; expected 1 to 100000" },
        {
            "'username': 'app'",
            "sentinelFacade.username: \"app\" has no password; expected password or passwordFile as well"
        },
        {
            "'passwordFile': 'none'",
            "sentinelFacade.passwordFile: \"none\" does not exist; expected a file with the password in its first line"
        },
        {
            "'port': 1",
            "sentinelFacade.port: unknown key; expected bind, advertise, username, password, passwordFile, tls or maxConnections"
        },
    };

    [Theory]
    [MemberData(nameof(BadValues))]
    public void Value_Bad_IsReported(string keys, string expected) =>
        Configured.AssertErrors(Configured.ReadWith($"'sentinelFacade': {{ {keys} }}"), expected);

    [Theory]
    [InlineData("unix:/run/a.sock", "127.0.0.1:1", "a unix socket cannot be announced, and it has no TCP listener")]
    [InlineData("0.0.0.0:6380", "[::]:1", "clients of [::]:1 over IPv6 cannot reach 0.0.0.0:6380; or a listener on [::]")]
    public void Master_ThatCannotBeAnnounced_NeedsAnAddress(string listener, string bind, string why)
    {
        string start = $"{{ 'listeners': [ {{ 'bind': '{listener}', 'master': 'mymaster' }} ], {Configured.Sentinel}, "
            + $"'sentinelFacade': {{ 'bind': '{bind}'";
        Configured.AssertErrors(
            Configured.Read($"{start} }} }}"),
            $"sentinelFacade.advertise: has nothing for \"mymaster\"; expected its \"host:port\", as {why}");
        Configured.Good(Configured.Read($"{start}, 'advertise': {{ 'mymaster': 'proxy.example:6380' }} }} }}"));
    }

    [Theory]
    [InlineData("0.0.0.0:6380", "[::1]:1")]
    [InlineData("[::]:6380", "[::]:1")]
    [InlineData("0.0.0.0:6380", "localhost:1")]
    [InlineData("unix:/run/a.sock", "")]
    public void Master_ThatCanBeAnnounced_NeedsNoAddress(string listener, string bind) => Configured.Good(Configured.Read(
        $"{{ 'listeners': [ {{ 'bind': '{listener}', 'master': 'mymaster' }} ], {Configured.Sentinel}, "
        + $"'sentinelFacade': {{ 'bind': '{bind}' }} }}"));

    [Fact]
    public void Backend_ThatIsTheFacade_IsRefused() => Configured.AssertErrors(
        Configured.Read(
            "{ 'listeners': [ { 'name': 'a', 'bind': '127.0.0.1:1' } ], 'backend': { 'endpoint': 'localhost:2' }, "
            + "'sentinelFacade': { 'bind': '127.0.0.1:2' } }"),
        "backend.endpoint: \"localhost:2\" is this proxy's own sentinelFacade.bind; expected the address of the server");

    [Fact]
    public void Values_Good_AreRead()
    {
        using var directory = new ScratchDirectory();
        string path = Path.Combine(directory.Path, directory.Write("password", "canary\n"));
        SentinelFacadeOptions facade = Configured.Good(Configured.Read(
            $"{{ {Configured.Listeners}, {Configured.Sentinel}, 'sentinelFacade': {{ 'bind': '0.0.0.0:1', 'username': 'app', "
            + $"'passwordFile': '{path}', 'maxConnections': 5 }} }}",
            environment: [("REDISPROXY_sentinelFacade__advertise__mymaster", "proxy.example:7000")])).SentinelFacade;
        Assert.Equal(
            (new HostEndpoint("0.0.0.0", 1), "app", "canary", 5),
            (facade.Bind, facade.Username, facade.Password, facade.MaxConnections));
        Assert.Equal([new("mymaster", new HostEndpoint("proxy.example", 7000))], facade.Advertise);
        Assert.Equal("Sentinel facade 0.0.0.0:1", facade.ToString());
    }

    [Fact]
    public void Changes_OfWhatIsAnnouncedAndWhoMayAsk_AreTaken()
    {
        ProxyOptions old = Configured.Good(Configured.ReadWith("'sentinelFacade': { 'bind': '127.0.0.1:1', 'password': 'old-canary' }"));
        ProxyOptions now = Configured.Good(Configured.ReadWith(
            "'sentinelFacade': { 'bind': '127.0.0.1:2', 'username': 'app', 'password': 'new-canary', 'maxConnections': 7, "
            + "'advertise': { 'mymaster': 'h:1' } }"));
        IReadOnlyList<OptionChange> changes = OptionChanges.Between(old, now);
        Assert.Equal(
            [
                ("sentinelFacade.bind: 127.0.0.1:1 → 127.0.0.1:2", true),
                ("sentinelFacade.advertise: none → mymaster=h:1", false),
                ("sentinelFacade.username: default → app", false),
                ("sentinelFacade.password: changed", false),
                ("sentinelFacade.maxConnections: 1000 → 7", true),
            ],
            changes.Select(change => (change.Text, change.NeedsRestart)));
        SentinelFacadeOptions taken = OptionChanges.WhatCanBeTaken(old, now).SentinelFacade;
        Assert.Equal(now.SentinelFacade with { Bind = old.SentinelFacade.Bind, MaxConnections = 1000 }, taken);
    }
}
