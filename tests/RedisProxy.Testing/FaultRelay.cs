using System.Net;
using System.Net.Sockets;

namespace RedisProxy.Testing;

/// <summary>
/// A TCP relay that can be told to behave badly, at any moment, for the connections there are or for those to come, per direction. Put it
/// on the edge between a client and the proxy, or with <see cref="RelayedDeployment"/> on those between the proxy, redis and Sentinel.
/// Methods from any thread; what they ask for has begun when they return.
/// <para>
/// It is a pair of sockets for each connection, not a wire: what it accepted is acknowledged, though it may be held. While its target
/// refuses, it accepts and then resets.
/// </para>
/// </summary>
public sealed class FaultRelay : IAsyncDisposable
{
    private const int Backlog = 512;

    private readonly IPEndPoint _target;
    private readonly CancellationTokenSource _end = new();
    private readonly Lock _gate = new();
    private readonly HashSet<RelayConnection> _connections = [];
    private readonly Dictionary<RelayDirections, RelayConditions> _conditions = new()
    {
        [RelayDirections.ToTarget] = RelayConditions.Clear,
        [RelayDirections.ToClient] = RelayConditions.Clear,
    };

    private readonly Dictionary<RelayDirections, RelayCut> _cuts = [];
    private Socket? _listener;
    private Task _accepting = Task.CompletedTask;
    private int _accepted;

    private FaultRelay(IPEndPoint target)
    {
        _target = target;
        Port = FreePorts.Take();
        Resume();
    }

    public int Port { get; }

    /// <summary>As <c>proxy.json</c> writes it.</summary>
    public string Endpoint => $"127.0.0.1:{Port}";

    /// <summary>Connections accepted so far.</summary>
    public int Accepted => Volatile.Read(ref _accepted);

    /// <summary>Connections there are now.</summary>
    public int Connections
    {
        get
        {
            lock (_gate)
            {
                return _connections.Count;
            }
        }
    }

    /// <summary>Listens on a free port of 127.0.0.1 and passes everything on to that one.</summary>
    public static FaultRelay To(int targetPort) => new(new IPEndPoint(IPAddress.Loopback, targetPort));

    public Task<RawClient> ConnectAsync() => RawClient.ConnectAsync(Port);

    /// <summary>Replaces the conditions of these directions.</summary>
    public void Apply(
        RelayConditions conditions, RelayDirections directions = RelayDirections.Both, RelayScope scope = RelayScope.All) =>
        ForEach(directions, scope, direction => _conditions[direction] = conditions, pump => pump.Conditions = conditions);

    /// <summary>All directions of all connections pass everything on again, also what was held; nothing is cut any more.</summary>
    public void Heal()
    {
        Apply(RelayConditions.Clear);
        ForEach(RelayDirections.Both, RelayScope.All, direction => _cuts.Remove(direction), pump => pump.Cut = null);
    }

    /// <summary>Ends each connection once exactly so many further bytes of that direction have been delivered.</summary>
    public void CutAfter(
        long bytes, RelayDirections direction, RelayEnd how = RelayEnd.Reset, RelayScope scope = RelayScope.Existing)
    {
        var cut = new RelayCut(bytes, how);
        ForEach(direction, scope, one => _cuts[one] = cut, pump => pump.Cut = cut);
    }

    /// <summary>RST, now, to both sides of every connection.</summary>
    public void Reset() => ForEachConnection(connection => connection.Reset());

    /// <summary>FIN, now, to both sides of every connection; what was under way is thrown away.</summary>
    public void Close() => ForEachConnection(connection => connection.Close());

    /// <summary>FIN, now, in that direction of every connection; the other direction goes on.</summary>
    public void HalfClose(RelayDirections direction) => ForEach(direction, RelayScope.Existing, _ => { }, pump => pump.EndNow());

    /// <summary>Listens no more: who connects is refused. Connections that are there stay.</summary>
    public void Refuse()
    {
        lock (_gate)
        {
            _listener?.Dispose();
            _listener = null;
        }
    }

    /// <summary>Listens again, on the same port.</summary>
    public void Resume()
    {
        lock (_gate)
        {
            if (_listener is not null)
            {
                return;
            }

            var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            // Connections of before may still use the port.
            listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            listener.Bind(new IPEndPoint(IPAddress.Loopback, Port));
            listener.Listen(Backlog);
            _listener = listener;
            _accepting = Task.WhenAll(_accepting, AcceptAsync(listener));
        }
    }

    public async ValueTask DisposeAsync()
    {
        Refuse();
        await _end.CancelAsync();
        await _accepting;
        RelayConnection[] rest;
        lock (_gate)
        {
            rest = [.. _connections];
        }

        foreach (RelayConnection connection in rest)
        {
            connection.Reset();
        }

        await Task.WhenAll(rest.Select(connection => connection.Ended));
        _end.Dispose();
    }

    private async Task AcceptAsync(Socket listener)
    {
        try
        {
            while (true)
            {
                Begin(await listener.AcceptAsync(_end.Token));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // Refuse, or the end.
        }
    }

    private void Begin(Socket client)
    {
        var connection = new RelayConnection(client, _target);
        lock (_gate)
        {
            foreach (RelayDirections direction in _conditions.Keys)
            {
                RelayPump pump = connection.Pump(direction);
                pump.Conditions = _conditions[direction];
                pump.Cut = _cuts.GetValueOrDefault(direction);
            }

            _connections.Add(connection);
            _accepted++;
        }

        connection.Start(() =>
        {
            lock (_gate)
            {
                _connections.Remove(connection);
            }
        });
    }

    private void ForEach(RelayDirections directions, RelayScope scope, Action<RelayDirections> forNew, Action<RelayPump> forExisting)
    {
        lock (_gate)
        {
            foreach (RelayDirections direction in new[] { RelayDirections.ToTarget, RelayDirections.ToClient })
            {
                if (!directions.HasFlag(direction))
                {
                    continue;
                }

                if (scope.HasFlag(RelayScope.New))
                {
                    forNew(direction);
                }

                foreach (RelayConnection connection in scope.HasFlag(RelayScope.Existing) ? _connections.ToArray() : [])
                {
                    forExisting(connection.Pump(direction));
                }
            }
        }
    }

    private void ForEachConnection(Action<RelayConnection> action)
    {
        RelayConnection[] now;
        lock (_gate)
        {
            now = [.. _connections];
        }

        Array.ForEach(now, connection => action(connection));
    }
}
