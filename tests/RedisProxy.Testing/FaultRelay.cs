using System.Net;
using System.Net.Sockets;

namespace RedisProxy.Testing;

/// <summary>
/// A TCP relay that can be made to misbehave at any moment, for existing connections or future ones, per direction. Put it between a
/// client and the proxy, or with <see cref="RelayedDeployment"/> between the proxy, redis and Sentinel. Methods may be called from any
/// thread and have taken effect when they return.
/// <para>
/// It is a pair of sockets per connection, not a wire: bytes it received are acknowledged even while it holds them. While its target
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

    /// <summary>In the format of <c>proxy.json</c>.</summary>
    public string Endpoint => $"127.0.0.1:{Port}";

    /// <summary>Connections accepted so far.</summary>
    public int Accepted => Volatile.Read(ref _accepted);

    /// <summary>Current connections.</summary>
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

    /// <summary>Listens on a free port of 127.0.0.1 and relays everything to this one.</summary>
    public static FaultRelay To(int targetPort) => new(new IPEndPoint(IPAddress.Loopback, targetPort));

    public Task<RawClient> ConnectAsync() => RawClient.ConnectAsync(Port);

    /// <summary>Replaces the conditions of these directions.</summary>
    public void Apply(
        RelayConditions conditions, RelayDirections directions = RelayDirections.Both, RelayScope scope = RelayScope.All) =>
        ForEach(directions, scope, direction => _conditions[direction] = conditions, pump => pump.Conditions = conditions);

    /// <summary>All directions of all connections relay everything again, including what was held; no cut is pending any more.</summary>
    public void Heal()
    {
        Apply(RelayConditions.Clear);
        ForEach(RelayDirections.Both, RelayScope.All, direction => _cuts.Remove(direction), pump => pump.Cut = null);
    }

    /// <summary>Ends each connection after exactly this many further bytes of the direction have been delivered.</summary>
    public void CutAfter(
        long bytes, RelayDirections direction, RelayEnd how = RelayEnd.Reset, RelayScope scope = RelayScope.Existing)
    {
        var cut = new RelayCut(bytes, how);
        ForEach(direction, scope, one => _cuts[one] = cut, pump => pump.Cut = cut);
    }

    /// <summary>Immediate RST to both sides of every connection.</summary>
    public void Reset() => ForEachConnection(connection => connection.Reset());

    /// <summary>Immediate FIN to both sides of every connection; bytes in transit are discarded.</summary>
    public void Close() => ForEachConnection(connection => connection.Close());

    /// <summary>Immediate FIN in this direction of every connection; the other direction continues.</summary>
    public void HalfClose(RelayDirections direction) => ForEach(direction, RelayScope.Existing, _ => { }, pump => pump.EndNow());

    /// <summary>Stops listening: new connections are refused. Existing ones stay.</summary>
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
            // Earlier connections may still use the port.
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
