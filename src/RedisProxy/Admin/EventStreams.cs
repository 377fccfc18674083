using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace RedisProxy.Admin;

/// <summary>
/// Pages that are open now. When there are as many as there may be, the oldest of the address that has the most goes for one of an address
/// that has fewer; its browser connects again by itself.
/// </summary>
internal sealed class EventStreams(int max)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<EventStream> _open = new();

    /// <param name="remote">Null on a unix socket.</param>
    /// <returns>Null: there is no place.</returns>
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
[SuppressMessage("Design", "CA1001", Justification = "A source without a timer and without a wait handle has nothing to give back.")]
internal sealed class EventStream(IPAddress address)
{
    private readonly CancellationTokenSource _end = new();

    public IPAddress Address => address;

    /// <summary>Others need its place.</summary>
    public CancellationToken End => _end.Token;

    public void Cancel() => _end.Cancel();
}
