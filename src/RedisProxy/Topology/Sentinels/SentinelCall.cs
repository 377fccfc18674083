using System.Net.Sockets;

using RedisProxy.Configuration;
using RedisProxy.Resp;
using RedisProxy.Servers;

namespace RedisProxy.Topology;

/// <summary>A few questions, or an order, to one Sentinel over a connection that is closed afterwards.</summary>
internal static class SentinelCall
{
    /// <param name="options">How it is reached.</param>
    /// <param name="context">Clock, TLS, DNS.</param>
    /// <param name="answerWithin">Of each step. Null: the limit of the permanent links.</param>
    /// <param name="requests">In one write.</param>
    /// <exception cref="ServerException">It is unreachable, or does not answer: <see cref="ServerException.IsOutcomeUnknown"/>.</exception>
    public static async Task<RespValue[]> AskAsync(
        HostEndpoint sentinel, ProxyOptions options, TopologyContext context, TimeSpan? answerWithin, params string[][] requests)
    {
        SentinelAccess access = SentinelAccess.Of(options.Sentinel!, options.Backend, context);
        access = access with { AnswerTimeout = answerWithin ?? access.AnswerTimeout };
        bool isSent = false;
        try
        {
            await using SentinelConnection connection = await SentinelConnection.OpenAsync(
                sentinel, access, static _ => { }, CancellationToken.None);
            isSent = true;
            return await connection.AskAsync(requests, CancellationToken.None);
        }
        catch (Exception failure) when (failure is SocketException or IOException or TimeoutException)
        {
            throw new ServerException($"Sentinel {sentinel} does not answer: {failure.Message}", failure) { IsOutcomeUnknown = isSent };
        }
    }
}
