using System.Net;

using Microsoft.Extensions.Logging;

using RedisProxy.EventLoops;

namespace RedisProxy.DataPlane;

/// <summary>
/// Takes TCP addresses over from sockets that listen there already: those of a process that is about to be replaced by this one, or of a
/// listener of this process that was renamed. New clients come to our sockets from the moment on in which they listen; the others keep
/// what is in their queues, and once they are closed the kernel is left to itself again. Before they close they give way, so that no
/// client is reset: a socket that closes resets who waits in its queue and who is in the middle of a handshake with it, and while several
/// of a group close one after the other, the group's program is out of date and the kernel may choose one that closes next.
/// </summary>
/// <param name="isWanted">This process was told to replace another one. Else an address that is in use is an error.</param>
/// <param name="time">Of the looks for others.</param>
/// <param name="log">Of this layer.</param>
internal sealed class PortTakeover(bool isWanted, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    // A handshake takes one round trip, or a second more when a segment of it was lost.
    private static readonly TimeSpan HandshakesEndWithin = TimeSpan.FromMilliseconds(1500);

    /// <summary>How addresses are to be bound at the start.</summary>
    public AddressSharing Sharing => isWanted ? AddressSharing.TakesOver : AddressSharing.None;

    /// <summary>All of these listen.</summary>
    /// <param name="sockets">Bound just now.</param>
    /// <param name="areClosing">Ends the watch over the others.</param>
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
    /// To be called before these sockets are closed, while their queues are still served. When others listen on their addresses, nobody new
    /// comes to these from now on, and this returns when the handshakes that were under way have ended. When nobody else does it returns at
    /// once: clients are to be refused then, and not to wait for nobody.
    /// </summary>
    public async Task GiveWayAsync(ListenerSockets sockets)
    {
        IGrouping<IPEndPoint?, BoundSocket>[] shared =
            [.. sockets.Bound.GroupBy(socket => socket.Endpoint).Where(group => CountOthers(group.Key, group.Count()) > 0)];
        bool[] areTurnedAway = [.. shared.SelectMany(group => group).Select(socket => ReusePortGroup.TryTurnAway(socket.Fd))];
        if (!areTurnedAway.Contains(true))
        {
            return;
        }

        await Task.Delay(HandshakesEndWithin, time, CancellationToken.None);

        // The kernel puts the last socket of the group in the place of one that closes. The first after ours keeps its place until all of
        // ours are closed, if there are as many; whom the kernel leads to one of ours all the same is not heard, and comes again.
        foreach (IGrouping<IPEndPoint?, BoundSocket> group in shared)
        {
            ReusePortGroup.TrySteer(group.First().Fd, group.Count(), 1);
        }
    }

    private static int CountOthers(IPEndPoint? endpoint, int own) => endpoint is null ? 0 : ListeningSockets.Count(endpoint) - own;

    private async Task TakeAsync(IPEndPoint endpoint, int fd, int count, Func<bool> areClosing)
    {
        int others = CountOthers(endpoint, count);
        if (others <= 0)
        {
            return;
        }

        if (!ReusePortGroup.TrySteer(fd, others, count))
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

        ReusePortGroup.Release(fd);
        if (CountOthers(endpoint, count) is var newer and > 0)
        {
            // Somebody has come to take over from us since the last look, and what was released may have been its program.
            ReusePortGroup.TrySteer(fd, count, newer);
        }

        DataPlaneLog.HasTakenOver(log, endpoint);
    }
}
