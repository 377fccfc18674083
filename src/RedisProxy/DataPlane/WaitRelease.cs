using System.Net;

using Microsoft.Extensions.Logging;

using RedisProxy.Configuration;
using RedisProxy.Servers;
using RedisProxy.Sessions;
using RedisProxy.Topology;

namespace RedisProxy.DataPlane;

/// <summary>
/// Before a master is replaced, ends the waits of its clients in BLPOP, XREADGROUP and the like (<see cref="WaitingClients"/>), so that
/// they continue at the next one and none is lost with its connection. If <c>backend.username</c> lacks the permission, or the server
/// does not see the proxy's own addresses, the waits stay, and their outcome is unknown once the master is gone.
/// </summary>
/// <param name="listener">For the log.</param>
/// <param name="gates">Of the listener, one for each loop.</param>
/// <param name="context">The clock, and TLS.</param>
/// <param name="log">Of this layer.</param>
internal sealed class WaitRelease(string listener, IReadOnlyList<Gate> gates, TopologyContext context, ILogger log)
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(10);

    private bool _hasWarned;

    /// <summary>Ends current waits and, for as long as requested, those that begin once the requests before them are answered.</summary>
    /// <param name="master">The one about to be replaced. Its gates are shut.</param>
    /// <param name="backend">How to connect to it.</param>
    /// <param name="lasts">Is it still about to be replaced?</param>
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

    /// <returns>True: check again.</returns>
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

    // Once: the next time would be the same.
    private void Warn(ServerException failure)
    {
        if (!_hasWarned)
        {
            _hasWarned = true;
            DataPlaneLog.WaitsNotEnded(log, listener, failure.Message);
        }
    }
}
