using System.Net;

using Microsoft.AspNetCore.Connections;

namespace RedisProxy.Admin;

/// <summary>
/// Connections to the admin surface: a limit for all, and half of it for one address, so that they never take descriptors that sessions
/// need. A new connection is always accepted, and replaces the oldest one of the address with the most: first an unused one (idle, half a
/// request, not a byte), then one being answered. One executing an order is never closed.
/// </summary>
/// <param name="max">Over all addresses.</param>
internal sealed class AdminConnections(int max) : IDisposable
{
    // Ended connections that have not closed yet.
    private const int Slack = 16;

    private readonly Lock _lock = new();
    private readonly LinkedList<AdminConnection> _open = new();
    private readonly SemaphoreSlim _places = new(max + Slack);
    private readonly int _maxOfOne = Math.Max(1, max / 2);
    private long _ended;

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _open.Count;
            }
        }
    }

    /// <summary>Connections closed to make room for newer ones.</summary>
    public long Ended => Volatile.Read(ref _ended);

    /// <summary>Called before one is accepted. Returned by <see cref="ReturnPlace"/>, or when the accepted one has closed.</summary>
    public Task TakePlaceAsync(CancellationToken cancel) => _places.WaitAsync(cancel);

    /// <summary>Nothing was accepted.</summary>
    public void ReturnPlace() => _places.Release();

    /// <summary>The accepted connection; it removes itself.</summary>
    public void Add(ConnectionContext context)
    {
        IPAddress address = (context.RemoteEndPoint as IPEndPoint)?.Address ?? IPAddress.None;
        var added = new AdminConnection(context, address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);
        context.Features.Set(added);
        AdminConnection? victim;
        lock (_lock)
        {
            victim = FindVictim(added.Address);
            if (victim is not null)
            {
                _open.Remove(victim);
            }

            _open.AddLast(added);
        }

        context.ConnectionClosed.Register(() => Leave(added));
        if (victim is not null)
        {
            Interlocked.Increment(ref _ended);
            victim.End();
        }
    }

    public void Dispose() => _places.Dispose();

    private void Leave(AdminConnection connection)
    {
        lock (_lock)
        {
            _open.Remove(connection);
        }

        _places.Release();
    }

    private AdminConnection? FindVictim(IPAddress comer)
    {
        if (comer != IPAddress.None && _open.Count(one => one.Address.Equals(comer)) >= _maxOfOne)
        {
            return OldestOf(_open.Where(one => one.Address.Equals(comer)));
        }

        if (_open.Count < max)
        {
            return null;
        }

        IPAddress greediest = _open.GroupBy(one => one.Address).MaxBy(group => group.Count())!.Key;
        return OldestOf(_open.Where(one => one.Address.Equals(greediest))) ?? OldestOf(_open);
    }

    private static AdminConnection? OldestOf(IEnumerable<AdminConnection> connections) =>
        connections.Where(one => one.Use != AdminUse.Order).MinBy(one => one.Use);
}

/// <summary>The present use of a connection; the first is the first to be closed.</summary>
internal enum AdminUse
{
    /// <summary>No request, or not a complete one.</summary>
    None,

    /// <summary>A request is being answered.</summary>
    Answer,

    /// <summary>An authorised request is changing something.</summary>
    Order,
}

/// <summary>One connection to the admin surface; a feature of its connection.</summary>
internal sealed class AdminConnection(ConnectionContext context, IPAddress address)
{
    private int _use;

    /// <summary>Of the other side; <see cref="IPAddress.None"/> on a unix socket.</summary>
    public IPAddress Address => address;

    public AdminUse Use
    {
        get => (AdminUse)Volatile.Read(ref _use);
        set => Volatile.Write(ref _use, (int)value);
    }

    public void End() => context.Abort(new ConnectionAbortedException("its place was needed for another client"));
}
