using System.Globalization;

using RedisProxy.Testing;

namespace RedisProxy.Load.Failover;

/// <summary>What is done to a deployment between two failovers. Nothing of it is measured.</summary>
internal static class DeploymentSteps
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Starts an ended server again, empty, as a replica of that master.</summary>
    /// <remarks>Sentinel would demote it 10 to 20 s later, and HAProxy would take it for a second master until then.</remarks>
    public static async Task BringBackAsync(RedisServer server, RedisServer master)
    {
        await server.RestartAsync(keepData: false);
        string port = master.Port.ToString(CultureInfo.InvariantCulture);
        Expect(await server.CallAsync("REPLICAOF", master.Address, port), "REPLICAOF");
    }

    /// <summary>
    /// Waits until the deployment is ready for another failover. Sentinel would notice after 10 s only that a replica is there again; it
    /// is sped up meanwhile, and has its default periods again when this returns.
    /// </summary>
    public static async Task<RedisServer> SettleAsync(this SentinelDeployment deployment)
    {
        await SetTimingsAsync(deployment, SentinelTimings.Fast);
        await deployment.WaitUntilHealthyAsync(Patience);
        RedisServer master = await deployment.WaitForMasterAsync(null, Patience);
        await SetTimingsAsync(deployment, SentinelTimings.Default);
        return master;
    }

    public static RawReply Expect(RawReply reply, string what) =>
        reply.IsError ? throw new InvalidOperationException($"{what}: {reply.Text}") : reply;

    private static Task SetTimingsAsync(SentinelDeployment deployment, SentinelTimings timings) =>
        Task.WhenAll(deployment.Sentinels.Select(sentinel => sentinel.SetTimingsAsync(timings)));
}
