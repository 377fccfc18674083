using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Integration;

/// <summary>Real Sentinels that are replaced one by one by new ones, with new ids and ports. The rest still lists the old ones.</summary>
public sealed class GhostSentinelTests : IAsyncLifetime
{
    private readonly List<SentinelServer> _new = [];
    private FailoverFixture _fixture = null!;

    public async ValueTask InitializeAsync() => _fixture = await FailoverFixture.StartAsync(
        configure: options => options.With("sentinel.requireMajority", true).With("hold.timeout", "300ms"));

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_new.Select(sentinel => sentinel.DisposeAsync().AsTask()));
        await _fixture.DisposeAsync();
    }

    [Fact]
    public async Task RequireMajority_SentinelsReplacedOneByOne_WritesGoOnUntilAMajorityOfThoseWhoLiveIsLost()
    {
        using RawClient client = await _fixture.Proxy.ConnectAsync();
        foreach (SentinelServer old in _fixture.Deployment.Sentinels)
        {
            await old.KillAsync();
            await AddSentinelAsync();
        }

        string warning = "If they are gone for good, send SENTINEL RESET mymaster to the other Sentinels";
        await Eventually.Within(
            FailoverFixture.Patience,
            () => _fixture.Proxy.Process.LogTail.Contains(warning, StringComparison.Ordinal),
            "the ghosts are named");
        await WritesAsync(client, "OK", "writes go on");
        for (int i = 0; i < 100; i++)
        {
            Assert.Equal("OK", (await client.CallAsync("SET", "k", $"{i}")).Text);
        }

        // Sentinel counts in the same way, so it can still elect a leader.
        await _fixture.FirstMaster.KillAsync();
        await WritesAsync(client, "OK", "the new master takes writes");
        await _new[0].KillAsync();
        await _new[1].KillAsync();
        await WritesAsync(client, "LOADING", "writes are stopped");
        await _new[1].RestartAsync();
        await WritesAsync(client, "OK", "writes go on again");
    }

    private static Task WritesAsync(RawClient client, string expected, string what) => Eventually.Within(
        FailoverFixture.Patience,
        async () => await client.CallAsync("SET", "k", "v") is var reply && (reply.IsError ? reply.ErrorCode : reply.Text) == expected,
        what);

    /// <summary>It is known to the others when this returns, and knows those that live.</summary>
    private async Task AddSentinelAsync()
    {
        RedisServer master = _fixture.FirstMaster;
        string[] lines =
        [
            $"sentinel monitor mymaster {master.Address} {master.Port} 2",
            "sentinel down-after-milliseconds mymaster 1000",
            "sentinel failover-timeout mymaster 3000",
        ];
        string program = new SentinelDeploymentOptions().SentinelProgram;
        SentinelServer added = await SentinelServer.StartAsync($"sentinel-new-{_new.Count + 1}", program, lines);
        _new.Add(added);
        await added.SetTimingsAsync(SentinelTimings.Fast);
        SentinelServer[] living = [.. _fixture.Deployment.Sentinels.Concat(_new).Where(sentinel => sentinel.IsRunning)];
        await Eventually.Within(
            FailoverFixture.Patience,
            async () => (await Task.WhenAll(living.Select(sentinel => KnowsAsync(sentinel, living)))).All(knows => knows),
            "those who live know of each other");
    }

    private static async Task<bool> KnowsAsync(SentinelServer sentinel, SentinelServer[] living)
    {
        RawReply listed = await sentinel.CallAsync("SENTINEL", "SENTINELS", "mymaster");
        string[] ports = [.. listed.Items.Where(one => one.Value("flags") == "sentinel").Select(one => one.Value("port")!)];
        return living.All(other => other == sentinel || ports.Contains($"{other.Port}"));
    }
}
