using System.Net;

using Microsoft.Extensions.Logging;

using RedisProxy.Configuration;
using RedisProxy.Servers;
using RedisProxy.Sessions;
using RedisProxy.Topology;

namespace RedisProxy.DataPlane;

/// <summary>
/// Before a master is replaced, the waits of clients in BLPOP, XREADGROUP and their like are ended at it (<see cref="WaitingClients"/>), so
/// that they wait on at the next one and none is lost with its connection. Where the user of <c>backend.username</c> may not, or the
/// server does not see the proxy's own addresses, they stay, and their outcome is unknown when the master has gone.
/// </summary>
/// <param name="listener">For the log.</param>
/// <param name="gates">Of the listener, one for each loop.</param>
/// <param name="context">The clock, and TLS.</param>
/// <param name="log">Of this layer.</param>
internal sealed class WaitRelease(string listener, IReadOnlyList<Gate> gates, TopologyContext context, ILogger log)
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(10);

    private bool _hasWarned;

    /// <summary>Ends the waits that there are, and for as long as told those that come to their turn behind other requests.</summary>
    /// <param name="master">The one that is about to be replaced. Its gates are shut.</param>
    /// <param name="backend">How it is reached.</param>
    /// <param name="lasts">Is it still so?</param>
    public async Task RunAsync(MasterNode master, BackendOptions backend, Func<bool> lasts)
    {
        await using var server = new ServerConnection(master.Announced, master.Address, backend, context)
        {
            ClientName = "redisproxy-waits",
            MaxAnswerBytes = WaitingClients.MaxListBytes,
        };
        var clients = new WaitingClients(server);
        while (lasts() && await LookAsync(clients))
        {
            await Task.Delay(LookInterval, context.Time);
        }
    }

    /// <returns>True: it is worth another look.</returns>
    private async Task<bool> LookAsync(WaitingClients clients)
    {
        BlockedWaits[] found = await Task.WhenAll(gates.Select(static gate => gate.Loop.InvokeAsync(() => BlockedWaits.Mark(gate))));
        bool isWorthwhile = found.Any(static waits => waits.MayGrow);
        if (found.All(static waits => waits.IsEmpty))
        {
            return isWorthwhile;
        }

        var mayBeEnded = new HashSet<IPEndPoint>();
        try
        {
            isWorthwhile |= await clients.EndWaitsAsync(found.SelectMany(static waits => waits.Addresses), mayBeEnded);
        }
        catch (ServerException failure)
        {
            isWorthwhile = false;
            Warn(failure);
        }

        await Task.WhenAll(found.Zip(gates, (waits, gate) => gate.Loop.InvokeAsync(() =>
        {
            waits.Unmark(address => !mayBeEnded.Contains(address));
            return true;
        })));
        return isWorthwhile;
    }

    // Once: it will be the same the next time.
    private void Warn(ServerException failure)
    {
        if (!_hasWarned)
        {
            _hasWarned = true;
            DataPlaneLog.WaitsNotEnded(log, listener, failure.Message);
        }
    }
}
