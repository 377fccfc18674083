using RedisProxy.Audit;
using RedisProxy.Configuration;
using RedisProxy.Servers;
using RedisProxy.Tests.Topology;

namespace RedisProxy.Tests.Audit;

public sealed class FactCollectorTests
{
    private const int TooLong = RespConnection.MaxMessageBytes + 1;

    [Fact]
    public async Task Ask_ReplyThatIsTooLong_IsTheOnlyThingThatIsMissing()
    {
        // As the list of some thousand users.
        await using var server = new ScriptedServer(static (_, request) => request switch
        {
            ["ACL", "LIST"] => $"*1\r\n${TooLong}\r\n{new string('u', TooLong)}\r\n",
            ["CONFIG", "GET", "*"] => "*2\r\n$9\r\nmaxmemory\r\n$1\r\n7\r\n",
            ["MODULE", "LIST"] => "*1\r\n*4\r\n+name\r\n+bf\r\n+ver\r\n:3\r\n",
            ["INFO", "server"] => "$20\r\nredis_version:7.0.15\r\n",
            ["INFO", "keyspace"] => "$10\r\ndb0:keys=1\r\n",
            ["INFO", _] => "$0\r\n\r\n",
            ["COMMAND", ..] => "*0\r\n",
            _ => "+OK\r\n",
        });

        ServerFacts facts = await AskAsync(server);

        Assert.True(facts.IsKnown, facts.Failure);
        Assert.Equal(["ACL LIST could not be read: not RESP: a message longer than 1 MiB"], facts.Refusals);
        Assert.Null(facts.Users);
        Assert.Equal(("7.0.15", "7", "keys=1"), (facts.Version, facts.Setting("maxmemory"), facts.Keyspace["db0"]));
        Assert.Equal("3", facts.Modules!["bf"]);
    }

    [Fact]
    public async Task Ask_ServerThatGoesAwayInTheMiddle_IsUnreachable()
    {
        ScriptedServer? server = null;
        await using var own = server = new ScriptedServer((_, request) =>
        {
            if (request[0] == "ACL")
            {
                server!.Stop();
                return null;
            }

            return request[0] == "INFO" ? "$0\r\n\r\n" : "*0\r\n";
        });

        ServerFacts facts = await AskAsync(own);

        Assert.Contains("does not answer MODULE: Connection refused", facts.Failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Audit_OfASentinelThatWatchesOtherMasters_DoesNotCallItUnreachable()
    {
        await using var deployment = new Deployment();
        deployment.AllSay(0, epoch: 1);
        deployment.Sentinels[2].Say(Deployment.MasterName, null);
        deployment.Sentinels[2].Say("another", ScriptedAnswer.Of(deployment.Masters[1].Address, 1));

        AuditResult result = Assert.Single(await DeploymentAudit.RunAsync(
            deployment.Options, deployment.Context, TimeSpan.FromSeconds(10), CancellationToken.None));

        Finding finding = Assert.Single(result.Findings, one => one.Where == deployment.Sentinels[2].Endpoint);
        Assert.Equal((Severity.Warning, "Sentinels"), (finding.Severity, finding.Topic));
        Assert.StartsWith("monitors other masters", finding.Text, StringComparison.Ordinal);
        Assert.Contains(result.Findings, one => one.Text.StartsWith("there are two:", StringComparison.Ordinal));
    }

    private static async Task<ServerFacts> AskAsync(ScriptedServer server)
    {
        var announced = new HostEndpoint(server.Address.Address.ToString(), server.Address.Port);
        var context = new TopologyContext(TimeProvider.System, new RecordingLoggers(new RecordingLog()));
        await using var connection = new ServerConnection(announced, server.Address, new BackendOptions(), context);
        return await FactCollector.AskAsync(connection);
    }
}
