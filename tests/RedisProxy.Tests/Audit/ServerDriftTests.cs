using RedisProxy.Audit;
using RedisProxy.Configuration;

namespace RedisProxy.Tests.Audit;

public sealed class ServerDriftTests
{
    private readonly AuditScene _scene = new();

    [Fact]
    public void Deployment_WithoutFault_HasNoFinding() => Assert.Equal("", _scene.Text());

    [Theory]
    [InlineData("maxmemory", "536870912", "Critical 127.0.0.1:6380 maxmemory is 512 MiB, but the master uses 1 GiB: once promoted, this")]
    [InlineData("maxmemory", "2147483648", "Critical 127.0.0.1:6380 maxmemory is 2 GiB here and 4 GiB on the master: once promoted, this")]
    [InlineData("maxmemory", "8589934592", "Warning 127.0.0.1:6380 maxmemory is 8 GiB here and 4 GiB on the master: the limit would")]
    [InlineData("maxmemory", "0", "Warning 127.0.0.1:6380 maxmemory is not set here and 4 GiB on the master: once promoted")]
    [InlineData("maxmemory-policy", "allkeys-lru", "Critical 127.0.0.1:6380 maxmemory-policy is allkeys-lru here and noeviction on")]
    [InlineData("replica-ignore-maxmemory", "no", "Warning 127.0.0.1:6380 replica-ignore-maxmemory is no")]
    [InlineData("databases", "8", "Critical 127.0.0.1:6380 databases is 8 here and 16 on the master")]
    [InlineData("tcp-keepalive", "0", "Warning 127.0.0.1:6380 tcp-keepalive is 0 here and 300 on the master")]
    [InlineData("hash-max-listpack-entries", "512", "Warning 127.0.0.1:6380 encoding hash-max-listpack-entries is 512 instead of 128: the")]
    [InlineData("min-replicas-to-write", "2", "Critical 127.0.0.1:6380 min-replicas-to-write is 2, but once promoted it would have 1 ")]
    [InlineData("replica-read-only", "no", "Warning 127.0.0.1:6380 replica-read-only is no")]
    [InlineData("requirepass", "another-canary", "Critical 127.0.0.1:6380 requirepass differs from the master's")]
    [InlineData("save", "", "Warning 127.0.0.1:6380 persistence writes nothing to disk, but the master does")]
    public void Setting_ThatIsAnotherOnAReplica_IsFound(string name, string value, string expected)
    {
        _scene.Replica = AuditScene.With(_scene.Replica, name, value);

        Assert.Contains(expected, _scene.Text(), StringComparison.Ordinal);
        Assert.DoesNotContain("canary", _scene.Text(), StringComparison.Ordinal);
        Assert.DoesNotContain("6381", _scene.Text(), StringComparison.Ordinal);
    }

    [Fact]
    public void Memory_ThatEvicts_SaysSo()
    {
        _scene.Master = AuditScene.With(_scene.Master, "maxmemory-policy", "allkeys-lru");
        _scene.Second = AuditScene.With(_scene.Second, "maxmemory-policy", "allkeys-lru");
        _scene.Replica = AuditScene.With(AuditScene.With(_scene.Replica, "maxmemory-policy", "allkeys-lru"), "maxmemory", "1000");

        Assert.Equal(
            "Critical 127.0.0.1:6380 maxmemory is 1000 B, but the master uses 1 GiB: once promoted, this replica would evict keys "
            + "until the rest fits",
            _scene.Text());
    }

    [Fact]
    public void Encodings_OfBothNames_AreSaidOnce()
    {
        _scene.Replica = AuditScene.With(
            AuditScene.With(_scene.Replica, "hash-max-listpack-entries", "512"), "hash-max-ziplist-entries", "512");

        Finding finding = Assert.Single(_scene.Judge());
        Assert.DoesNotContain("ziplist", finding.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("role", "master", "Critical 127.0.0.1:6380 role is a master, but Sentinel")]
    [InlineData("master_link_status", "down", "Critical 127.0.0.1:6380 replication has no link to the master")]
    [InlineData("slave_repl_offset", "", "Warning 127.0.0.1:6380 replication may not be up to date")]
    [InlineData("slave_repl_offset", "1", "Warning 127.0.0.1:6380 replication is 19.07 MiB behind")]
    [InlineData("redis_version", "6.2.7", "Warning 127.0.0.1:6380 version is 6.2.7 here and 7.0.15 on the master")]
    [InlineData("config_file", "", "Warning 127.0.0.1:6380 config file runs without one")]
    [InlineData("rdb_last_bgsave_status", "err", "Critical 127.0.0.1:6380 persistence could not save last time")]
    public void State_ThatIsBad_IsFound(string line, string value, string expected)
    {
        _scene.Replica = AuditScene.WithInfo(_scene.Replica, line, value);

        Assert.StartsWith(expected, _scene.Text(), StringComparison.Ordinal);
    }

    [Fact]
    public void Users_ThatDiffer_AreNamedWithoutTheirPasswords()
    {
        _scene.Replica = _scene.Replica with
        {
            Users = new Dictionary<string, string> { ["default"] = "on nopass ~* &* +@all", ["old"] = "on #hash-canary ~* +@all" },
        };
        _scene.Second = _scene.Second with
        {
            Users = new Dictionary<string, string> { ["default"] = "on nopass ~* &* +@all", ["app"] = "on #hash-canary ~* +@all" },
        };

        Assert.Equal(
            """
            Critical 127.0.0.1:6380 ACL lacks the master's user 'app': after a failover its clients would be refused
            Critical 127.0.0.1:6381 ACL gives user 'app' a different password or permissions than the master: its clients may be refused
            Warning 127.0.0.1:6380 ACL has a user 'old' unknown to the master: once promoted, it would accept that user
            """,
            _scene.Text());
    }

    [Fact]
    public void MasterAuth_ThatDoesNotFitTheReplica_IsFoundOnTheMaster()
    {
        _scene.Master = AuditScene.With(_scene.Master, "masterauth", "");

        Assert.Contains(
            "Critical 127.0.0.1:6379 masterauth is not the password of 127.0.0.1:6380: after a failover this server could not "
            + "replicate from it",
            _scene.Text(), StringComparison.Ordinal);
    }

    [Fact]
    public void Modules_KeysAndCommands_AreCompared()
    {
        _scene.Replica = _scene.Replica with
        {
            Modules = new Dictionary<string, string>(),
            Keyspace = new Dictionary<string, string> { ["db0"] = "keys=900,expires=0,avg_ttl=0" },
            MissingCommands = ["CONFIG"],
        };
        _scene.Second = _scene.Second with { MissingCommands = ["SLAVEOF"] };

        Assert.Equal(
            """
            Critical 127.0.0.1:6380 modules has no module bf: after a failover its commands would be unknown
            Warning 127.0.0.1:6380 rename-command does not know CONFIG: unless Sentinel knows the other name, a failover fails
            Warning 127.0.0.1:6381 rename-command does not know SLAVEOF: unless Sentinel knows the other name, a failover fails
            Warning 127.0.0.1:6380 keys has 900 keys in db0, the master 1000: the difference is expired keys, or lost ones
            """,
            _scene.Text());
    }

    [Fact]
    public void File_ThatARestartWouldGoBackTo_IsFound()
    {
        _scene.Replica = _scene.Replica with
        {
            File = new Dictionary<string, string> { ["maxmemory"] = "1gb", ["save"] = "3600 1", ["repl-backlog-size"] = "1mb" },
        };

        Assert.Equal(
            "Warning 127.0.0.1:6380 maxmemory runs with '4294967296', but the configuration file has '1073741824': a restart restores "
            + "the old value, and a failover writes the running one into the file",
            _scene.Text());
    }

    [Fact]
    public void Settings_ThatRolesWantOtherwise_AreFoundByTheRoleThatAServerSaysItHas()
    {
        var roles = new RoleOptions
        {
            Master = new RolePolicyOptions { Config = new Dictionary<string, string> { ["maxmemory"] = "4gb", ["save"] = "" } },
            Replica = new RolePolicyOptions { Config = new Dictionary<string, string> { ["appendonly"] = "yes" } },
        };
        _scene.Second = AuditScene.With(_scene.Second, "appendonly", "yes");
        var facts = new DeploymentFacts("mymaster", _scene.Master, "as all say", [_scene.Replica, _scene.Second], _scene.Sentinels);

        Assert.Equal(
            [
                "127.0.0.1:6379 save is '3600 1', but roles.master.config requires ''",
                "127.0.0.1:6380 appendonly is 'no', but roles.replica.config requires 'yes'",
            ],
            DeploymentAudit.Judge(facts, roles).Select(one => $"{one.Where} {one.Topic} {one.Text}"));
        Assert.Empty(DeploymentAudit.Judge(facts, roles with { Masters = ["another"] }));
    }

    [Fact]
    public void Server_ThatDoesNotAnswerOrRefuses_IsSaidAndNotGuessed()
    {
        _scene.Replica = new ServerFacts { Announced = _scene.Replica.Announced, Failure = "Connection refused" };
        _scene.Second = _scene.Second with
        {
            Settings = new Dictionary<string, string>(), Users = null, Modules = null, Refusals = ["CONFIG GET is refused: NOPERM"],
        };

        Assert.Equal(
            """
            Critical 127.0.0.1:6380 unreachable was not checked: Connection refused
            Note 127.0.0.1:6381 not looked at CONFIG GET is refused: NOPERM
            """,
            _scene.Text());
    }
}
