using System.Net;

using Microsoft.Extensions.Logging;

using RedisProxy.EventLoops;

namespace RedisProxy.Failover;

/// <summary>
/// Takes TCP addresses over from sockets that listen there already: those of a process that is about to be replaced by this one, or of a
/// listener of this process that was renamed. New clients come to our sockets from the moment on in which they listen; the others keep
/// what is in their queues, and once they are closed the kernel is left to itself again. When they are closed their queues are empty
/// by then, and no client is reset.
/// </summary>
/// <param name="isWanted">This process was told to replace another one. Else an address that is in use is an error.</param>
/// <param name="time">Of the looks for others.</param>
/// <param name="log">Of this layer.</param>
internal sealed class HandOver(bool isWanted, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

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

    private async Task TakeAsync(IPEndPoint endpoint, int fd, int count, Func<bool> areClosing)
    {
        int others = ListeningSockets.Count(endpoint) - count;
        if (others <= 0)
        {
            return;
        }

        if (!PortGroup.TrySteer(fd, others, count))
        {
            DataPlaneLog.NotSteered(log, endpoint);
            return;
        }

        DataPlaneLog.TakesOver(log, endpoint);
        while (ListeningSockets.Count(endpoint) > count)
        {
            await Task.Delay(LookInterval, time, CancellationToken.None);
            if (areClosing())
            {
                return;
            }
        }

        PortGroup.Release(fd);
        DataPlaneLog.HasTakenOver(log, endpoint);
    }
}
