using RedisProxy.Configuration;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Topology;

/// <summary>What becomes of an accepted master that dies, freezes, loads, is demoted, or does not let itself be asked.</summary>
public class MasterHealthTests
{
    [Fact]
    public async Task FrozenMaster_NobodyDoubts_StaysAvailableUntilASentinelDoes()
    {
        await using var deployment = new Deployment();
        await deployment.StartAvailableAsync();
        deployment.Masters[0].Server.IsSilent = true;
        await Eventually.StaysTrueAsync(
            deployment.Clock, TimeSpan.FromSeconds(4), () => deployment.View.Availability == Availability.Available);
        deployment.Say(deployment.Sentinels[0], 0, epoch: 1, "master,s_down");
        await deployment.WithinAsync(1, Availability.Down);
        Assert.Contains("within 1000 ms", deployment.View.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Suspect_Thousands_AreCoveredByOneLook()
    {
        await using var deployment = new Deployment();
        await deployment.StartAvailableAsync();
        int looks = deployment.Masters[0].PingCount;
        long last = 0;
        Parallel.For(0, 5000, _ => InterlockedMax(ref last, deployment.Source.Suspect(SuspicionReason.ConnectionLost)));
        await Eventually.TrueWithinAsync(deployment.Clock, () => deployment.View.CoversSuspicion >= last);
        Assert.InRange(deployment.Masters[0].PingCount - looks, 1, 6);
        Assert.Equal(Availability.Available, deployment.View.Availability);
        Assert.Equal(1, deployment.View.Generation);
    }

    [Fact]
    public async Task Suspect_MasterIsGone_IsDownAtOnceAndAvailableAgainWhenItIsBack()
    {
        await using var deployment = new Deployment();
        await deployment.StartAvailableAsync();
        deployment.Masters[0].Server.Stop();
        long suspicion = deployment.Source.Suspect(SuspicionReason.ConnectionLost);
        await deployment.IsAsync(1, Availability.Down);
        Assert.Contains("refused", deployment.View.Reason, StringComparison.OrdinalIgnoreCase);
        deployment.Masters[0].Pong = "-LOADING Redis is loading the dataset in memory\r\n";
        deployment.Masters[0].Server.Listen();
        await Eventually.TrueWithinAsync(deployment.Clock, () => deployment.View.Reason.Contains("LOADING", StringComparison.Ordinal));
        Assert.Equal(Availability.Down, deployment.View.Availability);
        deployment.Masters[0].Pong = "+PONG\r\n";
        await deployment.WithinAsync(1, Availability.Available);
        Assert.True(deployment.View.CoversSuspicion >= suspicion);
        Assert.Equal(FailoverKind.Restart, Assert.Single(deployment.Source.Failovers.Last).Kind);
    }

    [Fact]
    public async Task MasterDies_NobodySuspects_IsNoticedAtOnceByItsConnection()
    {
        await using var deployment = new Deployment();
        await deployment.StartAvailableAsync();
        deployment.Masters[0].Server.Stop();
        await deployment.IsAsync(1, Availability.Down);
    }

    [Fact]
    public async Task MasterIsDemotedInPlace_NoConnectionEnds_IsDown()
    {
        await using var deployment = new Deployment();
        await deployment.StartAvailableAsync();
        deployment.Masters[0].Role = "slave";
        int asked = deployment.Sentinels[0].AskedCount;
        await deployment.WithinAsync(1, Availability.Down);
        Assert.Contains("'slave'", deployment.View.Reason, StringComparison.Ordinal);
        await Eventually.TrueWithinAsync(deployment.Clock, () => deployment.Sentinels[0].AskedCount > asked);
        deployment.Masters[0].Role = "master";
        await deployment.WithinAsync(1, Availability.Available);
    }

    [Theory]
    [InlineData("-BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.\r\n")]
    [InlineData("-ERR max number of clients reached\r\n")]
    public async Task MasterIsBusy_Healthy_StaysAvailable(string answer)
    {
        await using var deployment = new Deployment();
        await deployment.StartAvailableAsync();
        deployment.Masters[0].Pong = answer;
        deployment.Source.Suspect(SuspicionReason.ConnectFailed);
        await Eventually.StaysTrueAsync(
            deployment.Clock, TimeSpan.FromSeconds(2), () => deployment.View.Availability == Availability.Available);
    }

    [Fact]
    public async Task ProbeMayNotAsk_PasswordIsMissing_ServesAndWarnsOnce()
    {
        await using var deployment = new Deployment();
        deployment.Masters[0].Password = "secret";
        await deployment.StartAvailableAsync();
        await Eventually.StaysTrueAsync(
            deployment.Clock, TimeSpan.FromSeconds(2), () => deployment.View.Availability == Availability.Available);
        Assert.Equal(1, deployment.Log.CountOf(2009));
    }

    [Fact]
    public async Task ProbeMayNotAsk_PasswordIsGiven_ChecksTheRole()
    {
        await using var deployment = new Deployment();
        deployment.Masters[0].Password = "secret";
        deployment.Options = deployment.Options with { Backend = new BackendOptions { Username = "probe", Password = "secret" } };
        await deployment.StartAvailableAsync();
        Assert.Equal(0, deployment.Log.CountOf(2009));
        deployment.Masters[0].Role = "slave";
        await deployment.WithinAsync(1, Availability.Down);
    }

    [Theory]
    [InlineData(null, "ERR unknown command 'ROLE'")]
    [InlineData("another", "ERR unknown command 'ROLE' (WRONGPASS invalid username-password pair or user is disabled.)")]
    public async Task ProbeMayNotAsk_PasswordIsNotNeeded_IsNotBlamedForIt(string? password, string expected)
    {
        await using var deployment = new Deployment();
        deployment.Masters[0].Password = password;
        deployment.Masters[0].IsOpenToAll = true;
        deployment.Masters[0].RoleError = "-ERR unknown command 'ROLE'\r\n";
        deployment.Options = deployment.Options with { Backend = new BackendOptions { Password = "secret" } };
        await deployment.StartAvailableAsync();
        string warning = Assert.Single(deployment.Log.Lines, line => line.Id == 2009).Text;
        Assert.Contains($" {expected}. It is assumed", warning, StringComparison.Ordinal);
    }

    private static void InterlockedMax(ref long target, long value)
    {
        long seen = Interlocked.Read(ref target);
        while (value > seen && Interlocked.CompareExchange(ref target, value, seen) is var now && now != seen)
        {
            seen = now;
        }
    }
}
