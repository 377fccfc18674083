using RedisProxy.Topology;

namespace RedisProxy.Tests.Topology;

/// <summary>Sentinels that were replaced, and that the others still list.</summary>
public class GhostTests
{
    [Fact]
    public async Task RequireMajority_GhostsAreListed_WritesGoOnAndOneWarningNamesThem()
    {
        await using var deployment = new Deployment();
        deployment.With(sentinel => sentinel with { RequireMajority = true });
        (string Id, string Host, int Port)[] ghosts = [("g1", "127.0.0.1", 1), ("g2", "127.0.0.1", 2), ("g3", "127.0.0.1", 3)];
        foreach (ScriptedSentinel sentinel in deployment.Sentinels)
        {
            sentinel.Lists([.. deployment.Sentinels.Where(other => other != sentinel)]);
            sentinel.Others.AddRange(ghosts);
            sentinel.DownOthers.UnionWith(ghosts.Select(ghost => ghost.Id));
        }

        deployment.AllSay(0, epoch: 1);
        deployment.Start();
        await deployment.WithinAsync(1, Availability.Available);
        await Eventually.TrueWithinAsync(deployment.Clock, () => deployment.Log.CountOf(2024) == 1);
        string warning = deployment.Log.Lines.Single(line => line.Id == 2024).Text;
        Assert.Contains("127.0.0.1:1, 127.0.0.1:2, 127.0.0.1:3", warning, StringComparison.Ordinal);
        Assert.Contains("SENTINEL RESET m", warning, StringComparison.Ordinal);
        await Eventually.StaysTrueAsync(
            deployment.Clock, TimeSpan.FromSeconds(5), () => deployment.View.Availability == Availability.Available);
        Assert.Equal(1, deployment.Log.CountOf(2024));

        // One more is lost: those that are left are two of six.
        deployment.Sentinels[0].Server.Stop();
        await deployment.WithinAsync(1, Availability.ReadsOnly);
    }
}
