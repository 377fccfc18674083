using System.Globalization;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Container;

/// <summary>What the compose file describes, with its own files and the image: names instead of addresses, through a failover.</summary>
[Trait("Tier", "Container")]
[Collection(ContainerImage.Tests)]
public sealed class ComposedContainerTests(ContainerImage image, ITestOutputHelper output)
{
    private const int Port = 6380;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Deployment_ThroughAFailover_GoesOnByNames(bool isPlanned)
    {
        await using ComposeDeployment deployment = await ComposeDeployment.StartAsync(image);
        await Eventually.Within(
            Patience,
            async () => (await image.CheckHealthAsync(deployment.ProxyFolder, launcher: deployment.Launcher)).ExitCode == 0,
            "the proxy is healthy");
        await Eventually.Within(
            Patience,
            async () => (await deployment.CallAsync("sentinel-1", 26379, "sentinel", "ckquorum", "mymaster"))
                .StartsWith("OK 3 ", StringComparison.Ordinal),
            "the Sentinels know each other");
        await Eventually.Within(
            Patience, async () => await GoodReplicasAsync(deployment) == 6, "each of three Sentinels knows two replicas that are in sync");
        Assert.Equal(1, await CountAsync(deployment));
        if (isPlanned)
        {
            Assert.Equal("OK", await deployment.CallAsync("sentinel-1", 26379, "sentinel", "failover", "mymaster"));
        }
        else
        {
            deployment["redis-1"].Kill();
        }

        string master = await Eventually.Within(
            Patience, () => MasterAsync(deployment), name => name is "redis-2" or "redis-3", "another server is the master, by its name");
        output.WriteLine($"{(isPlanned ? "planned" : "killed")}: redis-1 → {master}");
        await Eventually.Within(
            Patience, async () => await CountAsync(deployment) == 2, "the counter goes on where it was");
        Assert.Equal("2", await deployment.CallAsync(master, 6379, "get", "counter"));
        Assert.False(deployment["redisproxy"].HasExited);
    }

    private static async Task<string> MasterAsync(ComposeDeployment deployment) =>
        (await deployment.CallAsync("sentinel-2", 26379, "sentinel", "get-master-addr-by-name", "mymaster")).Split('\n')[0];

    /// <summary>Of all Sentinels together.</summary>
    private static async Task<int> GoodReplicasAsync(ComposeDeployment deployment)
    {
        string[] sentinels = ["sentinel-1", "sentinel-2", "sentinel-3"];
        int count = 0;
        foreach (string sentinel in sentinels)
        {
            string replicas = await deployment.CallAsync(sentinel, 26379, "sentinel", "replicas", "mymaster");
            count += replicas.Split("master-link-status\nok\n").Length - 1;
        }

        return count;
    }

    /// <summary>As the application of the compose file does; 0 when there was an error.</summary>
    private static async Task<int> CountAsync(ComposeDeployment deployment)
    {
        string reply = await deployment.CallAsync("redisproxy", Port, "incr", "counter");
        return int.TryParse(reply, NumberStyles.None, CultureInfo.InvariantCulture, out int count) ? count : 0;
    }
}
