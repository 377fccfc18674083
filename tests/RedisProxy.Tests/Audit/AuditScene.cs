using RedisProxy.Audit;
using RedisProxy.Configuration;

namespace RedisProxy.Tests.Audit;

/// <summary>A deployment without any fault: a master, two replicas, three Sentinels. Tests break one thing of it.</summary>
internal sealed class AuditScene
{
    private static readonly Dictionary<string, string> Users = new()
    {
        ["default"] = "on nopass ~* &* +@all",
        ["app"] = "on #1 ~* +@all",
    };

    public ServerFacts Master { get; set; } = Server(6379, "master");

    public ServerFacts Replica { get; set; } = Server(6380, "slave");

    public ServerFacts Second { get; set; } = Server(6381, "slave");

    public List<SentinelFacts> Sentinels { get; } = [Sentinel(26379), Sentinel(26380), Sentinel(26381)];

    public IReadOnlyList<Finding> Judge() => DeploymentAudit.Judge(
        new DeploymentFacts("mymaster", Master, "as all say", [Replica, Second], Sentinels));

    /// <summary>All there is, in one line each: "Critical 127.0.0.1:6380 maxmemory is …".</summary>
    public string Text() => string.Join(
        '\n', Judge().Select(one => $"{one.Severity} {one.Where?.ToString() ?? "-"} {one.Topic} {one.Text}"));

    public static ServerFacts With(ServerFacts server, string setting, string value) =>
        server with { Settings = new Dictionary<string, string>(server.Settings) { [setting] = value } };

    public static ServerFacts WithInfo(ServerFacts server, string line, string value) =>
        server with { Info = new Dictionary<string, string>(server.Info) { [line] = value } };

    public static SentinelFacts With(SentinelFacts sentinel, string field, string value) =>
        sentinel with { Master = new Dictionary<string, string>(sentinel.Master) { [field] = value } };

    private static ServerFacts Server(int port, string role) => new()
    {
        Announced = new HostEndpoint("127.0.0.1", port),
        Info = new Dictionary<string, string>
        {
            ["role"] = role,
            ["redis_version"] = "7.0.15",
            ["config_file"] = "/etc/redis/redis.conf",
            ["used_memory"] = "1073741824",
            ["rdb_last_bgsave_status"] = "ok",
            ["master_link_status"] = "up",
            ["master_repl_offset"] = "20000000",
            ["slave_repl_offset"] = "20000000",
        },
        Keyspace = new Dictionary<string, string> { ["db0"] = "keys=1000,expires=0,avg_ttl=0" },
        Settings = new Dictionary<string, string>
        {
            ["maxmemory"] = "4294967296",
            ["maxmemory-policy"] = "noeviction",
            ["replica-ignore-maxmemory"] = "yes",
            ["replica-priority"] = "100",
            ["replica-read-only"] = "yes",
            ["min-replicas-to-write"] = "1",
            ["databases"] = "16",
            ["save"] = "3600 1",
            ["appendonly"] = "no",
            ["requirepass"] = "s3cret-canary",
            ["masterauth"] = "s3cret-canary",
            ["masteruser"] = "",
            ["tcp-keepalive"] = "300",
            ["hash-max-listpack-entries"] = "128",
            ["hash-max-ziplist-entries"] = "128",
        },
        Users = Users,
        Modules = new Dictionary<string, string> { ["bf"] = "20209" },
    };

    private static SentinelFacts Sentinel(int port) => new()
    {
        Endpoint = new HostEndpoint("127.0.0.1", port),
        Master = new Dictionary<string, string>
        {
            ["quorum"] = "2",
            ["num-other-sentinels"] = "2",
            ["down-after-milliseconds"] = "5000",
            ["failover-timeout"] = "60000",
            ["parallel-syncs"] = "1",
        },
        Clients = new Dictionary<string, string> { ["connected_clients"] = "12", ["maxclients"] = "10000" },
    };
}
