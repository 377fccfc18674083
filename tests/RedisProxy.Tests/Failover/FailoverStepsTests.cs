using RedisProxy.Servers;
using RedisProxy.Tests.Topology;

namespace RedisProxy.Tests.Failover;

/// <summary>What becomes of the servers in a failover on demand when somebody does not answer.</summary>
public class FailoverStepsTests
{
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(1.5);
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Order_NotAnsweredBySentinelThatIsFrozen_HoldsWritesUntilThePromotionComes()
    {
        await using var scene = new FailoverScene();
        await scene.PauseAsync();
        scene.Told.OnFailover = (_, _) =>
        {
            scene.Told.Server.IsSilent = true;
            return null;
        };
        Assert.Contains("it may have begun", await scene.Steps.OrderAsync(), StringComparison.Ordinal);
        Task<ServerConnection?> promotion = scene.Steps.WaitUntilPromotedAsync(Long);
        int pauses = scene.Master.Pauses;
        await Eventually.TrueAsync(() => scene.Master.Pauses >= pauses + 2, "the pause is renewed");
        Assert.False(promotion.IsCompleted);
        Assert.True(scene.Steps.IsPauseUnbroken);

        scene.Replicas[1].Role = "master";
        ServerConnection? promoted = await promotion;
        Assert.Equal(scene.Replicas[1].Endpoint, promoted?.Announced);
        await scene.Steps.DemoteAsync(promoted!);
        Assert.Equal(["PAUSE", "REPLICAOF", "UNPAUSE"], scene.Master.Orders);
        Assert.False(scene.Steps.IsPaused);
        scene.Told.Server.IsSilent = false;
    }

    [Fact]
    public async Task Order_NotAnswered_SilentUntilTheTimeIsOver_ReleasesTheMaster()
    {
        await using var scene = new FailoverScene();
        await scene.PauseAsync();
        scene.Told.OnFailover = (_, _) =>
        {
            scene.Told.Server.IsSilent = true;
            return null;
        };
        await scene.Steps.OrderAsync();
        Assert.Null(await scene.Steps.WaitUntilPromotedAsync(Short));
        Assert.False(scene.Steps.IsOrderSettled);
        Assert.True(scene.Master.IsPaused);
        Assert.Null(await scene.Steps.ReleaseAsync());
        Assert.Equal(["PAUSE", "UNPAUSE"], scene.Master.Orders);
        scene.Told.Server.IsSilent = false;
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Order_NotAnswered_SentinelHasNoneUnderWay_IsGivenUpLongBeforeTheTimeIsOver(bool isSilentOnly)
    {
        await using var scene = new FailoverScene();
        await scene.PauseAsync();
        scene.Told.OnFailover = (client, _) =>
        {
            if (!isSilentOnly)
            {
                client.Dispose();
            }

            return null;
        };
        Assert.Contains("it may have begun", await scene.Steps.OrderAsync(), StringComparison.Ordinal);
        Assert.Null(await scene.Steps.WaitUntilPromotedAsync(Long).WaitAsync(Long / 2, TimeProvider.System));
        Assert.True(scene.Steps.IsOrderSettled);
        Assert.Null(await scene.Steps.ReleaseAsync());
        Assert.Equal(["PAUSE", "UNPAUSE"], scene.Master.Orders);
    }

    [Fact]
    public async Task Order_SentinelDiesOverIt_IsGivenUpLongBeforeTheTimeIsOver()
    {
        await using var scene = new FailoverScene();
        await scene.PauseAsync();
        scene.Told.OnFailover = (_, _) =>
        {
            scene.Told.Server.Stop();
            return null;
        };
        Assert.Contains("it may have begun", await scene.Steps.OrderAsync(), StringComparison.Ordinal);
        Assert.Null(await scene.Steps.WaitUntilPromotedAsync(Long).WaitAsync(Long / 2, TimeProvider.System));
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(0, true)]
    [InlineData(1, false)]
    public async Task Order_NotAnswered_SomeSentinelSaysThatAFailoverIsUnderWay_IsWaitedFor(int sentinel, bool isAnswered)
    {
        await using var scene = new FailoverScene();
        await scene.PauseAsync();
        scene.Told.OnFailover = (_, _) =>
        {
            scene.Say(scene.Sentinels[sentinel], "master,failover_in_progress");
            return isAnswered ? "-INPROG Failover already in progress\r\n" : null;
        };
        await scene.Steps.OrderAsync();
        Task<ServerConnection?> promotion = scene.Steps.WaitUntilPromotedAsync(Long);
        int asked = scene.Sentinels[sentinel].AskedCount;
        await Eventually.TrueAsync(() => scene.Sentinels[sentinel].AskedCount > asked + 3, "it is asked, over and over");
        Assert.False(promotion.IsCompleted);
        Assert.True(scene.Master.IsPaused);

        scene.Say(scene.Sentinels[sentinel], "master");
        Assert.Null(await promotion.WaitAsync(Long / 2, TimeProvider.System));
    }

    [Fact]
    public async Task Order_SentinelThatIsGoneBefore_HasSurelyBegunNothing()
    {
        await using var scene = new FailoverScene();
        await scene.PauseAsync();
        scene.Told.Server.Stop();
        ServerException failure = await Assert.ThrowsAsync<ServerException>(scene.Steps.OrderAsync);
        Assert.False(failure.IsOutcomeUnknown);
        await scene.Steps.ReleaseAsync();
        Assert.Equal(["PAUSE", "UNPAUSE"], scene.Master.Orders);
    }

    [Fact]
    public async Task Order_Refused_SaysWhy()
    {
        await using var scene = new FailoverScene();
        await scene.PauseAsync();
        scene.Told.OnFailover = (_, _) => "-NOGOODSLAVE No suitable replica to promote\r\n";
        ServerException failure = await Assert.ThrowsAsync<ServerException>(scene.Steps.OrderAsync);
        Assert.Equal($"Sentinel {scene.Told.Endpoint} refuses: NOGOODSLAVE No suitable replica to promote", failure.Message);
        await scene.Steps.ReleaseAsync();
        Assert.False(scene.Master.IsPaused);
    }

    [Fact]
    public async Task Order_WhenThePauseMayHaveRunOut_IsNotGiven()
    {
        await using var scene = new FailoverScene();
        int ordered = 0;
        scene.Told.OnFailover = (_, _) => $":{ordered++}\r\n";
        await scene.PauseAsync();
        scene.Master.Server.IsSilent = true;
        await Eventually.TrueAsync(() => !scene.Steps.IsPauseUnbroken, "it has lasted five seconds without an answer");
        await Assert.ThrowsAsync<ServerException>(() => scene.Steps.OrderAsync());
        Assert.Equal(0, ordered);
        scene.Master.Server.IsSilent = false;
        await scene.Steps.ReleaseAsync();
        Assert.False(scene.Master.IsPaused);
    }

    [Fact]
    public async Task Order_AtServersThatKnowCoordinated_IsPlain()
    {
        await using var scene = new FailoverScene();
        foreach (ScriptedNode node in (ScriptedNode[])[scene.Master, .. scene.Replicas])
        {
            node.ServerInfo = "valkey_version:9.1.2";
        }

        scene.Told.ServerInfo = "valkey_version:9.1.2";
        string[] words = [];
        scene.Told.OnFailover = (_, got) =>
        {
            words = got;
            return "+OK\r\n";
        };
        await scene.PauseAsync();
        Assert.Equal($"Sentinel {scene.Told.Endpoint} has begun", await scene.Steps.OrderAsync());
        Assert.Equal(["m"], words);
    }

    [Fact]
    public async Task Demote_MasterThatHasDemotedItselfAndTakesNoOrders_IsReleased()
    {
        await using var scene = new FailoverScene();
        await scene.PauseAsync();
        await scene.Steps.OrderAsync();
        scene.Master.ReplicaOfReply = "-ERR REPLICAOF not allowed while failing over.\r\n";
        scene.Master.Role = "slave";
        scene.Replicas[0].Role = "master";
        ServerConnection? promoted = await scene.Steps.WaitUntilPromotedAsync(Long);
        await scene.Steps.DemoteAsync(promoted!);
        Assert.Equal(["PAUSE", "REPLICAOF", "UNPAUSE"], scene.Master.Orders);
    }

    [Fact]
    public async Task Demote_MasterThatStaysOne_IsNotReleased()
    {
        await using var scene = new FailoverScene();
        await scene.PauseAsync();
        await scene.Steps.OrderAsync();
        scene.Master.ReplicaOfReply = "-NOPERM this user has no permissions to run the 'replicaof' command\r\n";
        scene.Replicas[0].Role = "master";
        ServerConnection? promoted = await scene.Steps.WaitUntilPromotedAsync(Long);
        ServerException failure = await Assert.ThrowsAsync<ServerException>(() => scene.Steps.DemoteAsync(promoted!));
        Assert.Contains("NOPERM", failure.Message, StringComparison.Ordinal);
        Assert.True(scene.Master.IsPaused);
        int pauses = scene.Master.Pauses;
        await Assert.ThrowsAsync<ServerException>(scene.Steps.ReleaseAsync);
        Assert.Equal(pauses, scene.Master.Pauses);
        Assert.DoesNotContain("UNPAUSE", scene.Master.Orders);
    }

    [Fact]
    public async Task Promotion_MasterHasDiedMeanwhile_IsFollowedAllTheSame()
    {
        await using var scene = new FailoverScene();
        await scene.PauseAsync();
        await scene.BeginAsync();
        scene.Master.Server.Stop();
        Task<ServerConnection?> promotion = scene.Steps.WaitUntilPromotedAsync(Long);
        scene.Replicas[0].Server.IsSilent = true;
        scene.Replicas[1].Role = "master";
        ServerConnection? promoted = await promotion.WaitAsync(Long / 2, TimeProvider.System);
        Assert.Equal(scene.Replicas[1].Endpoint, promoted?.Announced);
        ServerException failure = await Assert.ThrowsAsync<ServerException>(() => scene.Steps.DemoteAsync(promoted!));
        Assert.Contains("does not answer REPLICAOF", failure.Message, StringComparison.Ordinal);
        scene.Replicas[0].Server.IsSilent = false;
    }

    [Fact]
    public async Task Release_AfterAPromotionThatCameTooLate_DemotesTheOldMasterFirst()
    {
        await using var scene = new FailoverScene();
        await scene.PauseAsync();
        await scene.BeginAsync();
        Assert.Null(await scene.Steps.WaitUntilPromotedAsync(Short));
        scene.Replicas[0].Role = "master";
        ServerConnection? promoted = await scene.Steps.ReleaseAsync();
        Assert.Equal(scene.Replicas[0].Endpoint, promoted?.Announced);
        Assert.Equal(["PAUSE", "REPLICAOF", "UNPAUSE"], scene.Master.Orders);
    }

    [Fact]
    public async Task Release_WhoseConnectionBreaks_IsTriedAgain()
    {
        await using var scene = new FailoverScene();
        await scene.PauseAsync();
        scene.Master.UnpausesLost = 3;
        Assert.Null(await scene.Steps.ReleaseAsync());
        Assert.Equal(["PAUSE", "UNPAUSE"], scene.Master.Orders);
        Assert.False(scene.Steps.IsPaused);
    }
}
