using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace RedisProxy.Admin;

/// <summary>
/// The open pages. At the limit, the oldest one of the address with the most is closed for one of an address with fewer; its browser
/// reconnects by itself.
/// </summary>
internal sealed class EventStreams(int max)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<EventStream> _open = new();

    /// <param name="remote">Null on a unix socket.</param>
    /// <returns>Null: there is no free place.</returns>
    public EventStream? TryOpen(IPAddress? remote)
    {
        var stream = new EventStream(remote ?? IPAddress.None);
        EventStream? victim = null;
        lock (_lock)
        {
            if (_open.Count >= max)
            {
                IGrouping<IPAddress, EventStream> greediest = _open.GroupBy(one => one.Address).MaxBy(group => group.Count())!;
                if (greediest.Count() <= _open.Count(one => one.Address.Equals(stream.Address)) + 1)
                {
                    return null;
                }

                victim = greediest.First();
                _open.Remove(victim);
            }

            _open.AddLast(stream);
        }

        victim?.Cancel();
        return stream;
    }

    public void Close(EventStream stream)
    {
        lock (_lock)
        {
            _open.Remove(stream);
        }
    }
}

/// <summary>One open page.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A source without a timer or a wait handle owns no resources.")]
internal sealed class EventStream(IPAddress address)
{
    private readonly CancellationTokenSource _end = new();

    public IPAddress Address => address;

    /// <summary>Its place is needed for another page.</summary>
    public CancellationToken End => _end.Token;

    public void Cancel() => _end.Cancel();
}
