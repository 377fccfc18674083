using System.Net.Http.Headers;

using Microsoft.Extensions.Diagnostics.HealthChecks;

using StackExchange.Redis;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>
/// "Fail over now": by the proxy, which lets requests wait until a replica has everything, or else by a Sentinel, which does not.
/// </summary>
internal static class FailOverCommand
{
    public const string Name = "fail-over";

    /// <summary>Longer than the proxy takes for a failover that does not succeed.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    public static IResourceBuilder<RedisSentinelResource> WithFailOverCommand(this IResourceBuilder<RedisSentinelResource> builder) =>
        builder.WithCommand(
            Name,
            "Fail over now",
            context => RunAsync(builder.Resource, context.CancellationToken),
            new CommandOptions
            {
                Description = "Makes a replica the master.",
                IconName = "ArrowSwap",
                IsHighlighted = true,
                UpdateState = static context => context.ResourceSnapshot.HealthStatus == HealthStatus.Healthy
                    ? ResourceCommandState.Enabled
                    : ResourceCommandState.Disabled,
            });

    private static async Task<ExecuteCommandResult> RunAsync(RedisSentinelResource redis, CancellationToken cancellation) =>
        redis.ProxyAdmin is { } admin && redis.ProxyToken is { } token
            ? await ByProxyAsync(redis, admin, token, cancellation).ConfigureAwait(false)
            : await BySentinelAsync(redis, cancellation).ConfigureAwait(false);

    private static async Task<ExecuteCommandResult> ByProxyAsync(
        RedisSentinelResource redis, EndpointReference admin, ParameterResource token, CancellationToken cancellation)
    {
        try
        {
            using var http = new HttpClient { Timeout = Patience };
            string secret = await token.GetValueAsync(cancellation).ConfigureAwait(false) ?? "";
            using var request = new HttpRequestMessage(
                HttpMethod.Post, $"{admin.Url}/failover?master={Uri.EscapeDataString(redis.MasterName)}");
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", secret);
            using HttpResponseMessage response = await http.SendAsync(request, cancellation).ConfigureAwait(false);
            string said = (await response.Content.ReadAsStringAsync(cancellation).ConfigureAwait(false)).Trim();
            return response.IsSuccessStatusCode ? CommandResults.Success(said) : CommandResults.Failure(said);
        }
        catch (HttpRequestException e)
        {
            return CommandResults.Failure(e);
        }
    }

    private static async Task<ExecuteCommandResult> BySentinelAsync(RedisSentinelResource redis, CancellationToken cancellation)
    {
        string? address = await redis.Sentinels[0].ResolveAsync(cancellation).ConfigureAwait(false);
        HealthCheckResult result = await RedisHealth.AskAsync(address, CommandMap.Sentinel, async sentinel =>
        {
            await sentinel.SentinelFailoverAsync(redis.MasterName).ConfigureAwait(false);
            return HealthCheckResult.Healthy();
        }).ConfigureAwait(false);
        return result.Status == HealthStatus.Healthy
            ? CommandResults.Success("A failover has begun.")
            : CommandResults.Failure(result.Description ?? "");
    }
}
