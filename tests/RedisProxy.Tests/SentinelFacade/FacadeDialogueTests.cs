namespace RedisProxy.Tests.SentinelFacade;

/// <summary>Requests and exact replies, those of redis as redis-sentinel 7.0.15 gives them; SentinelFacadeTests ask one.</summary>
public sealed class FacadeDialogueTests
{
    private const string Restricted =
        ": only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context|";

    private readonly FacadeScene _scene = new();

    [Theory]
    [InlineData("PING", "+PONG|")]
    [InlineData("ping hi", "$2|hi|")]
    [InlineData("PING a b", "-ERR wrong number of arguments for 'ping' command|")]
    [InlineData("GET a b", "-ERR unknown command 'GET', with args beginning with: 'a' 'b' |")]
    [InlineData("FOO", "-ERR unknown command 'FOO', with args beginning with: |")]
    [InlineData("HELLO 2", "*12|$6|server|$5|redis|$7|version|$5|7.0.0|$5|proto|:2|$2|id|:7|$4|mode|$8|sentinel|$7|modules|*0|")]
    [InlineData("HELLO 3", "%6|$6|server|$5|redis|$7|version|$5|7.0.0|$5|proto|:3|$2|id|:7|$4|mode|$8|sentinel|$7|modules|*0|")]
    [InlineData("HELLO 4", "-NOPROTO unsupported protocol version|")]
    [InlineData("HELLO x", "-ERR Protocol version is not an integer or out of range|")]
    [InlineData("HELLO 3 FOO", "-ERR Syntax error in HELLO option 'FOO'|")]
    [InlineData("HELLO 2 SETNAME", "-ERR Syntax error in HELLO option 'SETNAME'|")]
    [InlineData("HELLO 2 AUTH bob x", "-WRONGPASS invalid username-password pair or user is disabled.|")]
    [InlineData("AUTH x", "-ERR AUTH <password> called without any password configured for the default user. Are you sure your "
        + "configuration is correct?|")]
    [InlineData("AUTH default x", "+OK|")]
    [InlineData("AUTH bob x", "-WRONGPASS invalid username-password pair or user is disabled.|")]
    [InlineData("AUTH a b c", "-ERR syntax error|")]
    [InlineData("AUTH", "-ERR wrong number of arguments for 'auth' command|")]
    [InlineData("ROLE", "*2|$8|sentinel|*1|$8|mymaster|")]
    [InlineData("ROLE x", "-ERR wrong number of arguments for 'role' command|")]
    [InlineData("RESET", "+RESET|")]
    [InlineData("QUIT", "+OK|")]
    [InlineData("CLIENT", "-ERR wrong number of arguments for 'client' command|")]
    [InlineData("CLIENT ID", ":7|")]
    [InlineData("CLIENT GETNAME", "$-1|")]
    [InlineData("CLIENT SETINFO LIB-NAME redis-py", "+OK|")]
    [InlineData("CLIENT SETINFO LIB-COLOR red", "-ERR Unrecognized option 'LIB-COLOR'|")]
    [InlineData("CLIENT NOSUCH", "-ERR unknown subcommand 'NOSUCH'. Try CLIENT HELP.|")]
    [InlineData("CLIENT LIST ID 1", "$0||")]
    [InlineData("CLIENT LIST ID x", "-ERR Invalid client ID|")]
    [InlineData("CLIENT LIST TYPE pubsub", "$0||")]
    [InlineData("CLIENT LIST TYPE foo", "-ERR Unknown client type 'foo'|")]
    [InlineData("CLIENT LIST FOO", "-ERR syntax error|")]
    [InlineData("CLIENT KILL x", "-ERR RedisProxy: CLIENT KILL is not available here, on the Sentinel facade of a proxy|")]
    [InlineData("COMMAND COUNT", ":14|")]
    [InlineData("COMMAND FOO", "-ERR unknown subcommand 'FOO'. Try COMMAND HELP.|")]
    [InlineData("COMMAND INFO nosuch role", "*2|$-1|*10|$4|role|:1|*2|+loading|+stale|:0|:0|:0|*1|+@connection|*0|*0|*0|")]
    [InlineData("COMMAND DOCS nosuch", "*0|")]
    [InlineData("INFO foo", "$0||")]
    public void Request_AboutAConnection_IsAnsweredAsBySentinel(string request, string reply) => Assert.Equal(reply, _scene.Ask(request));

    [Theory]
    [InlineData("SENTINEL", "-ERR wrong number of arguments for 'sentinel' command|")]
    [InlineData("SENTINEL NOSUCH", "-ERR unknown subcommand 'NOSUCH'. Try SENTINEL HELP.|")]
    [InlineData("SENTINEL get-master-addr-by-name mymaster", "*2|$8|10.0.0.1|$4|6380|")]
    [InlineData("SENTINEL GET-MASTER-ADDR-BY-NAME other", "*-1|")]
    [InlineData("SENTINEL GET-MASTER-ADDR-BY-NAME", "-ERR wrong number of arguments for 'sentinel|get-master-addr-by-name' command|")]
    [InlineData("SENTINEL GET-PRIMARY-ADDR-BY-NAME mymaster", "*2|$8|10.0.0.1|$4|6380|")]
    [InlineData("sentinel get-primary-addr-by-name other", "*-1|")]
    [InlineData("SENTINEL GET-PRIMARY-ADDR-BY-NAME", "-ERR wrong number of arguments for 'sentinel|get-primary-addr-by-name' command|")]
    [InlineData("SENTINEL PRIMARY other", "-ERR No such master with that name|")]
    [InlineData("SENTINEL PRIMARIES x", "-ERR wrong number of arguments for 'sentinel|primaries' command|")]
    [InlineData("SENTINEL IS-PRIMARY-DOWN-BY-ADDR 10.9.9.9 6379 0 *", "*3|:0|$1|*|:0|")]
    [InlineData("SENTINEL IS-PRIMARY-DOWN-BY-ADDR 10.9.9.9 x 0 *", "-ERR value is not an integer or out of range|")]
    [InlineData("SENTINEL FAILOVER mymaster COORDINATED", "-ERR RedisProxy: SENTINEL FAILOVER is not available here, this facade only "
        + "answers where masters are; send it to a Sentinel of the deployment, or use 'RedisProxy failover'|")]
    [InlineData("SENTINEL MASTER other", "-ERR No such master with that name|")]
    [InlineData("SENTINEL REPLICAS mymaster", "*0|")]
    [InlineData("SENTINEL SLAVES other", "-ERR No such master with that name|")]
    [InlineData("SENTINEL SENTINELS mymaster", "*0|")]
    [InlineData("SENTINEL SENTINELS other", "-ERR No such master with that name|")]
    [InlineData("SENTINEL CKQUORUM mymaster", "+OK 2 usable Sentinels. Quorum and failover authorization can be reached|")]
    [InlineData("SENTINEL CKQUORUM other", "-ERR No such master with that name|")]
    [InlineData("SENTINEL IS-MASTER-DOWN-BY-ADDR 10.9.9.9 6379 0 *", "*3|:0|$1|*|:0|")]
    [InlineData("SENTINEL IS-MASTER-DOWN-BY-ADDR 10.9.9.9 x 0 *", "-ERR value is not an integer or out of range|")]
    [InlineData("SENTINEL FAILOVER mymaster", "-ERR RedisProxy: SENTINEL FAILOVER is not available here, this facade only answers where "
        + "masters are; send it to a Sentinel of the deployment, or use 'RedisProxy failover'|")]
    [InlineData("SENTINEL SET mymaster quorum 1", "-ERR RedisProxy: SENTINEL SET is not available here, this facade only answers where "
        + "masters are; send it to the Sentinels of the deployment|")]
    [InlineData("SENTINEL REMOVE mymaster", "-ERR RedisProxy: SENTINEL REMOVE is not available here, this facade only answers where "
        + "masters are; the masters here are those of the proxy's listeners; the Sentinels have their own|")]
    public void Request_AboutAMaster_IsAnsweredWithTheProxysAddress(string request, string reply) =>
        Assert.Equal(reply, _scene.Ask(request));

    [Fact]
    public void Master_HasTheFieldsOfTheProxy()
    {
        string reply = _scene.Ask("SENTINEL MASTER mymaster");

        Assert.StartsWith("*40|$4|name|$8|mymaster|$2|ip|$8|10.0.0.1|$4|port|$4|6380|$5|runid|$40|", reply, StringComparison.Ordinal);
        Assert.Contains("|$5|flags|$6|master|", reply, StringComparison.Ordinal);
        Assert.Contains("|$12|config-epoch|$1|5|$10|num-slaves|$1|0|$19|num-other-sentinels|$1|2|$6|quorum|$1|2|", reply);
        Assert.DoesNotContain("10.9.9", reply, StringComparison.Ordinal);
        Assert.Equal(reply, _scene.Ask("SENTINEL PRIMARY mymaster"));
        Assert.Equal($"*1|{reply}", _scene.Ask("SENTINEL PRIMARIES"));

        _scene.Ask("HELLO 3");
        Assert.StartsWith("*1|%20|$4|name|", _scene.Ask("SENTINEL MASTERS"), StringComparison.Ordinal);
        Assert.Equal("_|", _scene.Ask("SENTINEL GET-MASTER-ADDR-BY-NAME other"));
        Assert.Equal("_|", _scene.Ask("CLIENT GETNAME"));
        Assert.StartsWith("=", _scene.Ask("CLIENT INFO"), StringComparison.Ordinal);
        Assert.Equal("*1|*10|$5|reset|:1|~5|+noscript|+loading|+stale|+fast|+no_auth|:0|:0|:0|~1|+@connection|~0|~0|*0|", _scene.Ask(
            "COMMAND INFO reset"));
    }

    [Fact]
    public void Info_TellsOfTheProxyAndItsMasters()
    {
        _scene.Time.Advance(TimeSpan.FromSeconds(90_000.5));
        string id = _scene.Context.ServerId;

        Assert.Matches("^[0-9a-f]{40}$", id);
        Assert.Equal($"$40|{id}|", _scene.Ask("SENTINEL MYID"));
        string server = "# Server|redis_version:7.0.0|redis_mode:sentinel|redisproxy_version:1.2.3|arch_bits:64|"
            + $"run_id:{id}|tcp_port:26379|uptime_in_seconds:90000|uptime_in_days:1|";
        string sentinel = "# Sentinel|sentinel_masters:1|sentinel_tilt:0|sentinel_tilt_since_seconds:-1|sentinel_running_scripts:0|"
            + "sentinel_scripts_queue_length:0|sentinel_simulate_failure_flags:0|"
            + "master0:name=mymaster,status=ok,address=10.0.0.1:6380,slaves=0,sentinels=3|";
        Assert.EndsWith($"|{sentinel}|", _scene.Ask("INFO sentinel"), StringComparison.Ordinal);
        string all = _scene.Ask("INFO");
        Assert.Contains($"|{server}|# Clients|connected_clients:0|", all, StringComparison.Ordinal);
        Assert.EndsWith($"|tracking_clients:0||{sentinel}|", all, StringComparison.Ordinal);
        Assert.Equal(all, _scene.Ask("INFO all"));
        Assert.DoesNotContain("# Clients", _scene.Ask("INFO SERVER SENTINEL"), StringComparison.Ordinal);
    }

    [Fact]
    public void Quorum_ThatIsNotReached_IsSaidInSentinelsWords()
    {
        const string NoQuorum = "Not enough available Sentinels to reach the specified quorum for this master";
        const string NoMajority = "Not enough available Sentinels to reach the majority and authorize a failover";

        Tell(connected: 1, quorum: 1);
        Assert.Equal($"-NOQUORUM 1 usable Sentinels. {NoMajority}|", _scene.Ask("SENTINEL CKQUORUM mymaster"));
        Tell(connected: 2, quorum: 3);
        Assert.Equal($"-NOQUORUM 2 usable Sentinels. {NoQuorum}|", _scene.Ask("SENTINEL CKQUORUM mymaster"));
        _scene.Sources[0].NoSentinel();
        Assert.Equal($"-NOQUORUM 0 usable Sentinels. {NoQuorum}. {NoMajority}|", _scene.Ask("SENTINEL CKQUORUM mymaster"));

        void Tell(int connected, int quorum) => _scene.Sources[0].Tell(view => view with
        {
            Sentinels = [.. view.Sentinels.Select((one, i) => one with { IsConnected = i < connected, Quorum = quorum })],
        });
    }

    [Fact]
    public void Client_HasANameAndSeesItself()
    {
        Assert.Equal("+OK|", _scene.Ask("CLIENT SETNAME worker"));
        Assert.Equal("$6|worker|", _scene.Ask("CLIENT GETNAME"));
        Assert.Equal(
            "-ERR Client names cannot contain spaces, newlines or special characters.|", _scene.Ask("CLIENT", "SETNAME", "a b"));
        Assert.Equal("-ERR Client names cannot contain spaces, newlines or special characters.|", _scene.Ask(
            "HELLO", "2", "SETNAME", "a\n"));
        _scene.Ask("CLIENT SETINFO LIB-NAME jedis");
        _scene.Time.Advance(TimeSpan.FromSeconds(3.5));
        string line = _scene.Ask("CLIENT LIST");
        Assert.Contains(
            "id=7 addr=10.0.0.9:5000 laddr=10.0.0.1:26379 fd=-1 name=worker age=3 idle=0 flags=N", line, StringComparison.Ordinal);
        Assert.Contains(" resp=2 lib-name=jedis lib-ver=\n|", line, StringComparison.Ordinal);

        _scene.Ask("HELLO 3");
        Assert.Equal("+RESET|", _scene.Ask("RESET"));
        Assert.Equal("$-1|", _scene.Ask("CLIENT GETNAME"));
    }

    [Fact]
    public void Password_IsAskedForBeforeAnythingElse()
    {
        var scene = new FacadeScene($"{FacadeScene.Bind}, 'username': 'app', 'password': 'canary'");
        const string Stranger = "-NOAUTH Authentication required.|";
        const string Wrong = "-WRONGPASS invalid username-password pair or user is disabled.|";

        Assert.Equal(Stranger, scene.Ask("PING"));
        Assert.Equal(Stranger, scene.Ask("SENTINEL MASTERS"));
        Assert.Equal("-ERR unknown subcommand 'FOO'. Try SENTINEL HELP.|", scene.Ask("SENTINEL FOO"));
        Assert.StartsWith("-NOAUTH HELLO must be called with the client already authenticated", scene.Ask("HELLO 3"));
        Assert.Equal(Wrong, scene.Ask("AUTH canary"));
        Assert.Equal(Wrong, scene.Ask("AUTH app wrong"));
        Assert.Equal(Wrong, scene.Ask("HELLO 3 AUTH app wrong"));
        Assert.Equal(Stranger, scene.Ask("SUBSCRIBE +switch-master"));
        Assert.Equal("", scene.Switch());
        Assert.StartsWith("%6|", scene.Ask("HELLO 3 AUTH app canary SETNAME x"), StringComparison.Ordinal);
        Assert.Equal("+PONG|", scene.Ask("PING"));
        Assert.Equal("$1|x|", scene.Ask("CLIENT GETNAME"));
        Assert.Equal("+RESET|", scene.Ask("RESET"));
        Assert.Equal(Stranger, scene.Ask("PING"));
        Assert.Equal("+OK|", scene.Ask("AUTH app canary"));
        Assert.Equal("+PONG|", scene.Ask("PING"));
    }

    [Fact]
    public void Subscriber_InResp2_IsRestrictedAndToldOfASwitch()
    {
        Assert.Equal(
            "*3|$9|subscribe|$14|+switch-master|:1|*3|$9|subscribe|$1|a|:2|", _scene.Ask("SUBSCRIBE +switch-master a"));
        Assert.Equal("*2|$4|pong|$0||", _scene.Ask("PING"));
        Assert.Equal("*2|$4|pong|$2|hi|", _scene.Ask("PING hi"));
        Assert.Equal($"-ERR Can't execute 'sentinel|masters'{Restricted}", _scene.Ask("SENTINEL MASTERS"));
        Assert.Equal($"-ERR Can't execute 'auth'{Restricted}", _scene.Ask("AUTH x"));
        Assert.Equal("*3|$10|psubscribe|$5|+sw*r|:3|", _scene.Ask("PSUBSCRIBE +sw*r"));
        const string News = "$36|mymaster 10.0.0.1 6380 10.0.0.1 6380|";
        Assert.Equal(
            $"*3|$7|message|$14|+switch-master|{News}*4|$8|pmessage|$5|+sw*r|$14|+switch-master|{News}", _scene.Switch());
        Assert.Equal("*3|$11|unsubscribe|$14|+switch-master|:2|*3|$11|unsubscribe|$1|a|:1|", _scene.Ask("UNSUBSCRIBE"));
        Assert.Equal("*3|$11|unsubscribe|$-1|:1|", _scene.Ask("UNSUBSCRIBE"));
        Assert.Equal("*3|$12|punsubscribe|$1|x|:1|", _scene.Ask("PUNSUBSCRIBE x"));
        Assert.Equal("*3|$12|punsubscribe|$5|+sw*r|:0|", _scene.Ask("PUNSUBSCRIBE"));
        Assert.Equal("", _scene.Switch());
        Assert.Equal("+PONG|", _scene.Ask("PING"));
        Assert.Equal("-ERR wrong number of arguments for 'subscribe' command|", _scene.Ask("SUBSCRIBE"));
    }

    [Fact]
    public void Subscriber_InResp3_GetsPushesAndMayAskOn()
    {
        _scene.Ask("HELLO 3");
        Assert.Equal(">3|$9|subscribe|$14|+switch-master|:1|", _scene.Ask("SUBSCRIBE +switch-master"));
        Assert.Equal("+PONG|", _scene.Ask("PING"));
        Assert.Equal("*2|$8|10.0.0.1|$4|6380|", _scene.Ask("SENTINEL GET-MASTER-ADDR-BY-NAME mymaster"));
        Assert.Equal(">3|$7|message|$14|+switch-master|$36|mymaster 10.0.0.1 6380 10.0.0.1 6380|", _scene.Switch());
        Assert.Equal("", _scene.Switch("other"));
        Assert.Equal("+RESET|", _scene.Ask("RESET"));
        Assert.Equal("", _scene.Switch());
    }

    [Fact]
    public void Subscriptions_HaveALimit()
    {
        string[] names = [.. Enumerable.Range(0, 1024).Select(i => $"c{i}")];
        Assert.EndsWith(":1024|", _scene.Ask(["SUBSCRIBE", .. names]), StringComparison.Ordinal);
        Assert.Equal("*3|$9|subscribe|$2|c1|:1024|", _scene.Ask("SUBSCRIBE c1"));
        Assert.Equal("-ERR RedisProxy: a connection to the Sentinel facade may have 1024 subscriptions|", _scene.Ask("PSUBSCRIBE *"));
    }

    [Fact]
    public void Commands_AreCountedByWhatTheyAreAbout()
    {
        string[] requests =
        [
            "SENTINEL GET-MASTER-ADDR-BY-NAME mymaster", "SENTINEL MASTERS", "INFO", "PING", "PING", "PING", "SUBSCRIBE a", "FOO", "GET a",
            "SENTINEL FAILOVER mymaster", "SENTINEL MASTERS",
        ];
        Array.ForEach(requests, request => _scene.Ask(request));

        Assert.Equal(
            [1, 2, 1, 3, 4],
            Enum.GetValues<RedisProxy.SentinelFacade.FacadeCommandKind>().Select(_scene.Counters.CommandsOf));
    }
}
