using System.Globalization;

using Microsoft.Extensions.Diagnostics.HealthChecks;

using StackExchange.Redis;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>Asks servers and Sentinels themselves.</summary>
internal static class RedisHealth
{
    private const int TimeoutMilliseconds = 2000;

    /// <summary>It replies to PING.</summary>
    public static async Task<HealthCheckResult> OfNodeAsync(RedisSentinelResource redis, RedisNode node, CancellationToken cancellation)
    {
        string? address = await node.ResolveAsync(cancellation).ConfigureAwait(false);
        return node.IsSentinel
            ? await AskAsync(address, CommandMap.Sentinel, PingAsync).ConfigureAwait(false)
            : await PingServerAsync(redis, address, cancellation).ConfigureAwait(false);
    }

    /// <summary>
    /// The Sentinels know each other and all replicas, so a failover would succeed; and the proxy, if there is one, replies with the
    /// master's replies.
    /// </summary>
    public static async Task<HealthCheckResult> OfAllAsync(RedisSentinelResource redis, CancellationToken cancellation)
    {
        foreach (RedisNode sentinel in redis.Sentinels)
        {
            string? address = await sentinel.ResolveAsync(cancellation).ConfigureAwait(false);
            HealthCheckResult result =
                await AskAsync(address, CommandMap.Sentinel, server => JudgeAsync(redis, server)).ConfigureAwait(false);
            if (result.Status != HealthStatus.Healthy)
            {
                return result;
            }
        }

        return redis.Proxy is null
            ? HealthCheckResult.Healthy()
            : await PingServerAsync(
                redis,
                await RedisSentinelResource.AddressOf(redis.Proxy).GetValueAsync(cancellation).ConfigureAwait(false),
                cancellation).ConfigureAwait(false);
    }

    /// <summary>Asks one server or Sentinel, on a connection of its own.</summary>
    /// <param name="address">Without the password: it is in the results, which the dashboard shows.</param>
    /// <param name="commands">Of Redis or of a Sentinel.</param>
    /// <param name="ask">Given the server, judges it.</param>
    /// <param name="password">Null: the server asks for none.</param>
    public static async Task<HealthCheckResult> AskAsync(
        string? address, CommandMap commands, Func<IServer, Task<HealthCheckResult>> ask, string? password = null)
    {
        try
        {
            ConfigurationOptions options = ConfigurationOptions.Parse(address ?? "");
            options.CommandMap = commands;
            options.Password = password;
            options.TieBreaker = "";
            options.ConnectTimeout = TimeoutMilliseconds;
            options.AsyncTimeout = TimeoutMilliseconds;
            ConnectionMultiplexer connection = await ConnectionMultiplexer.ConnectAsync(options).ConfigureAwait(false);
            await using (connection.ConfigureAwait(false))
            {
                return await ask(connection.GetServers()[0]).ConfigureAwait(false);
            }
        }
        catch (RedisConnectionException e)
        {
            // Its message is about options of the client.
            return HealthCheckResult.Unhealthy($"{address} cannot be reached: {e.FailureType}");
        }
        catch (Exception e) when (e is RedisException or TimeoutException or ArgumentException)
        {
            return HealthCheckResult.Unhealthy($"{address}: {e.Message}");
        }
    }

    private static async Task<HealthCheckResult> PingServerAsync(
        RedisSentinelResource redis, string? address, CancellationToken cancellation) =>
        await AskAsync(
            address,
            CommandMap.Default,
            PingAsync,
            await redis.Nodes.PasswordAsync(cancellation).ConfigureAwait(false)).ConfigureAwait(false);

    private static async Task<HealthCheckResult> PingAsync(IServer server)
    {
        await server.PingAsync().ConfigureAwait(false);
        return HealthCheckResult.Healthy();
    }

    private static async Task<HealthCheckResult> JudgeAsync(RedisSentinelResource redis, IServer sentinel)
    {
        await sentinel.ExecuteAsync("SENTINEL", "CKQUORUM", redis.MasterName).ConfigureAwait(false);
        KeyValuePair<string, string>[] master = await sentinel.SentinelMasterAsync(redis.MasterName).ConfigureAwait(false);
        (int known, int all) sentinels = (1 + Number(master, "num-other-sentinels"), redis.Sentinels.Count);
        (int known, int all) replicas = (Number(master, "num-slaves"), redis.Servers.Count - 1);
        return sentinels.known >= sentinels.all && replicas.known >= replicas.all
            ? HealthCheckResult.Healthy()
            : HealthCheckResult.Degraded(string.Create(
                CultureInfo.InvariantCulture,
                $"{sentinel.EndPoint} knows {sentinels.known} of {sentinels.all} Sentinels, {replicas.known} of {replicas.all} replicas"));
    }

    private static int Number(KeyValuePair<string, string>[] facts, string name) => int.Parse(
        facts.FirstOrDefault(fact => fact.Key == name).Value ?? "0", CultureInfo.InvariantCulture);
}
