using System.Globalization;
using System.Text.Json.Nodes;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Durability;

/// <summary>
/// The master's machine is lost, with everything that is on its way to replicas 20 ms away. What a durable listener has acknowledged by
/// then is on the next master; without it, up to 20 ms of writes are not.
/// </summary>
public sealed class MachineLossTests
{
    private const int Writers = 8;
    private const int Attempts = 5;

    private static readonly TimeSpan Latency = TimeSpan.FromMilliseconds(20);
    /// <summary>How long Sentinels leave the replicas behind the relay. A split vote costs twice that.</summary>
    private static readonly TimeSpan FailoverTimeout = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan Patience = (2 * FailoverTimeout) + TimeSpan.FromSeconds(30);

    public enum Loss
    {
        /// <summary>SIGKILL, and nothing of what it has sent arrives any more.</summary>
        Killed,

        /// <summary>It stands still, and so does what it has sent. It goes on when there is another master.</summary>
        Frozen,
    }

    [Theory]
    [InlineData(Loss.Killed)]
    [InlineData(Loss.Frozen)]
    public async Task Durable_LosesNothingThatWasAcknowledged(Loss loss)
    {
        LossReport report = await LoseMachineAsync(loss, isDurable: true);
        Assert.True(report.IsHonest, report.ToString());
        Assert.True(report.Acknowledged > Writers, report.ToString());
        Assert.Equal(0, report.ConnectionsBroken);
    }

    /// <summary>Shows that the machine is lost as it is meant to be.</summary>
    [Fact]
    public async Task NotDurable_LosesWhatWasOnItsWay()
    {
        LossReport report = await LoseMachineAsync(Loss.Killed, isDurable: false);
        Assert.NotEmpty(report.Lost);
        Assert.Empty(report.Phantom);
        Assert.Empty(report.Duplicate);
    }

    [Theory]
    [Trait("Tier", "Long")]
    [InlineData(Loss.Killed)]
    [InlineData(Loss.Frozen)]
    public async Task Durable_FiftyTimes_LosesNothing(Loss loss)
    {
        int times = int.Parse(
            Environment.GetEnvironmentVariable("REDISPROXY_TEST_FAILOVERS") ?? "50", CultureInfo.InvariantCulture);
        int acknowledged = 0;
        int unknown = 0;
        for (int i = 1; i <= times; i++)
        {
            LossReport report = await LoseMachineAsync(loss, isDurable: true);
            Assert.True(report.IsHonest, $"{i}: {report}");
            acknowledged += report.Acknowledged;
            unknown += report.Unknown;
            ProgressFile.Say($"{i} of {times} machines {loss}, {acknowledged} writes acknowledged, 0 lost, {unknown} unknown");
        }
    }

    // On a busy machine it may take so long to begin that the Sentinels have led the replicas past the relay.
    private static async Task<LossReport> LoseMachineAsync(Loss loss, bool isDurable)
    {
        for (int attempt = 1; attempt <= Attempts; attempt++)
        {
            if (await TryLoseMachineAsync(loss, isDurable) is { } report)
            {
                return report;
            }
        }

        throw new InvalidOperationException($"In {Attempts} attempts the replicas never stayed at a distance long enough.");
    }

    /// <returns>Null: the replicas were not at a distance any more.</returns>
    private static async Task<LossReport?> TryLoseMachineAsync(Loss loss, bool isDurable)
    {
        await using SentinelDeployment deployment = await SentinelDeployment.StartAsync(new SentinelDeploymentOptions
        {
            ReplicationLatency = Latency,
            DownAfter = TimeSpan.FromMilliseconds(700),
            FailoverTimeout = FailoverTimeout,
        });
        var listener = new ProxyListener
        {
            Master = deployment.MasterName,
            Settings = new Dictionary<string, JsonNode?>
            {
                ["durable"] = new JsonObject { ["replicas"] = isDurable ? 1 : 0, ["timeout"] = "2s" },
            },
        };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            ProxyProcessOptions.For(deployment).With("hold.timeout", "20s") with { Listeners = [listener] });
        await using CountingWriter writers = CountingWriter.Start(
            proxy.Port, new CountingWriterOptions { Writers = Writers, Pace = TimeSpan.Zero });
        await writers.WaitForAcknowledgedAsync(50, Patience);

        if (deployment.ReplicationRelay!.Connections < deployment.Servers.Count - 1)
        {
            return null;
        }

        RedisServer old = deployment.Servers[0];
        if (loss == Loss.Killed)
        {
            deployment.ReplicationRelay.Reset();
            await old.KillAsync();
        }
        else
        {
            deployment.ReplicationRelay.Apply(RelayConditions.Dead);
            old.Freeze();
        }

        RedisServer next = await deployment.WaitForMasterAsync(old, Patience);
        if (loss == Loss.Frozen)
        {
            old.Thaw();
        }

        await writers.WaitForAcknowledgedAsync(50, Patience);
        return await writers.CompareAsync(next);
    }
}
