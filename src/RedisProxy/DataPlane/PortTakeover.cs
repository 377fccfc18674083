using System.Net;

using Microsoft.Extensions.Logging;

using RedisProxy.Configuration;
using RedisProxy.EventLoops;

namespace RedisProxy.DataPlane;

/// <summary>
/// Takes TCP addresses over from sockets that already listen there: those of a process that this one replaces, or of a renamed listener of
/// this process. From the moment our sockets listen, new connections reach them; the others keep what is in their queues, and once they are
/// closed, the kernel chooses freely again. Before they close they give way, so that no client is reset: closing a socket resets the
/// connections in its queue and the handshakes in progress on it; and while several sockets of a group close one after the other, the
/// group's program is outdated and the kernel may choose one that closes next.
/// </summary>
/// <param name="transport">Of the sockets.</param>
/// <param name="turn">This process is to replace another one. Null: an address in use is an error.</param>
/// <param name="time">Clock of the checks for other listeners.</param>
/// <param name="log">Of this layer.</param>
internal sealed class PortTakeover(SocketTransport transport, TakeOverTurn? turn, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    // A handshake takes one round trip, or a second more if a segment was lost.
    private static readonly TimeSpan HandshakesEndWithin = TimeSpan.FromMilliseconds(1500);

    private volatile bool _keepsSessions;

    public SocketTransport Transport => transport;

    /// <summary>No session is given to another process now; one that asks waits. The sockets are not concerned.</summary>
    public bool KeepsSessions
    {
        get => _keepsSessions;
        set => _keepsSessions = value;
    }

    /// <summary>How to bind addresses at startup.</summary>
    public AddressSharing Sharing => turn is not null ? AddressSharing.TakesOver : AddressSharing.None;

    /// <summary>This process has got what it gets with this address: the next one may take it over.</summary>
    public void EndTurn(BindAddress bind) => turn?.End(bind);

    /// <summary>Takes over the addresses of these sockets, which listen now.</summary>
    /// <param name="sockets">Just bound.</param>
    /// <param name="areClosing">Ends the watch for other listeners.</param>
    public void Take(ListenerSockets sockets, Func<bool> areClosing)
    {
        foreach (IGrouping<IPEndPoint?, BoundSocket> group in sockets.Bound.GroupBy(socket => socket.Endpoint))
        {
            if (group.Key is { } endpoint)
            {
                _ = TakeAsync(endpoint, group.First().Fd, group.Count(), areClosing);
            }
        }
    }

    /// <summary>
    /// Called before these sockets are closed, while their queues are still served. If others listen on their addresses, no new connections
    /// reach these from now on, and this returns when the handshakes in progress have ended. Otherwise it returns at once: then clients are
    /// to be refused instead of waiting for a listener that does not exist.
    /// </summary>
    /// <returns>True: others listen on one of their addresses.</returns>
    public async Task<bool> GiveWayAsync(ListenerSockets sockets)
    {
        IGrouping<IPEndPoint?, BoundSocket>[] shared =
            [.. sockets.Bound.GroupBy(socket => socket.Endpoint).Where(group => CountOthers(group.Key, group.Count()) > 0)];
        bool[] areTurnedAway = [.. shared.SelectMany(group => group).Select(socket => transport.TryTurnAway(socket.Fd))];
        if (!areTurnedAway.Contains(true))
        {
            return shared.Length > 0;
        }

        await Task.Delay(HandshakesEndWithin, time, CancellationToken.None);

        // The kernel moves the last socket of the group into the place of one that closes. The first one after ours keeps its place until
        // all of ours are closed, if there are as many; a SYN the kernel still routes to one of our sockets is dropped and retransmitted.
        foreach (IGrouping<IPEndPoint?, BoundSocket> group in shared)
        {
            transport.TrySteer(group.First().Fd, group.Count(), 1);
        }

        return true;
    }

    private int CountOthers(IPEndPoint? endpoint, int own) => endpoint is null ? 0 : transport.CountListening(endpoint) - own;

    private async Task TakeAsync(IPEndPoint endpoint, int fd, int count, Func<bool> areClosing)
    {
        int others = CountOthers(endpoint, count);
        if (others <= 0)
        {
            return;
        }

        if (!transport.TrySteer(fd, others, count))
        {
            DataPlaneLog.NotSteered(log, endpoint);
            return;
        }

        DataPlaneLog.TakesOver(log, endpoint);
        while (CountOthers(endpoint, count) > 0)
        {
            await Task.Delay(LookInterval, time, CancellationToken.None);
            if (areClosing())
            {
                return;
            }
        }

        transport.Unsteer(fd);
        if (CountOthers(endpoint, count) is var newer and > 0)
        {
            // Another process has begun to take over from us since the last check, and the released program may have been its own.
            transport.TrySteer(fd, count, newer);
        }

        DataPlaneLog.HasTakenOver(log, endpoint);
    }
}
