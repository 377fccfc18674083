using System.Net.Sockets;

using RedisProxy.Configuration;
using RedisProxy.Resp;

namespace RedisProxy.Topology;

/// <summary>A few questions, or an order, to one Sentinel over a connection that is closed afterwards.</summary>
internal static class SentinelCall
{
    /// <exception cref="ServerException">It cannot be reached, or does not answer.</exception>
    public static async Task<RespValue[]> AskAsync(
        HostEndpoint sentinel, ProxyOptions options, TopologyContext context, params string[][] requests)
    {
        SentinelAccess access = TopologyService.AccessOf(options.Sentinel!, options.Backend, context);
        try
        {
            await using SentinelConnection connection = await SentinelConnection.OpenAsync(
                sentinel, access, static _ => { }, CancellationToken.None);
            return await connection.AskAsync(requests, CancellationToken.None);
        }
        catch (Exception failure) when (failure is SocketException or IOException or TimeoutException)
        {
            throw new ServerException($"Sentinel {sentinel} does not answer: {failure.Message}");
        }
    }
}
