using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

using Microsoft.Extensions.Logging;

using RedisProxy.Configuration;
using RedisProxy.Topology;
using RedisProxy.Transport;

namespace RedisProxy.SentinelFacade;

/// <summary>
/// Accepts the facade's clients and notifies subscribers of new masters. A failure here is logged and ends at most the connection
/// that it came from; traffic neither waits for it nor sees it.
/// </summary>
internal sealed class FacadeServer : IDisposable
{
    private static readonly TimeSpan AfterError = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan EndWithin = TimeSpan.FromSeconds(2);
    private static readonly byte[] TooMany = "-ERR max number of clients reached\r\n"u8.ToArray();

    private readonly RunningOptions _running;
    private readonly FacadeDirectory _directory;
    private readonly TimeProvider _time;
    private readonly string _version;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<long, (FacadeConnection Connection, Task Serving)> _connections = new();
    private readonly Channel<string> _switches = Channel.CreateUnbounded<string>(new UnboundedChannelOptions { SingleReader = true });
    private readonly HashSet<ITopologySource> _followed = [];
    private IReadOnlyList<Socket> _listening = [];
    private Task[] _working = [];
    private FacadeContext? _context;
    private long _lastId;
    private bool _isFull;

    /// <param name="running">Read at each request.</param>
    /// <param name="sources">Of the masters; may change with a reload.</param>
    /// <param name="time">The clock.</param>
    /// <param name="version">Of the proxy.</param>
    /// <param name="log">Of this layer.</param>
    public FacadeServer(
        RunningOptions running, Func<IReadOnlyCollection<ITopologySource>> sources, TimeProvider time, string version, ILogger log)
    {
        _running = running;
        _directory = new FacadeDirectory(running, sources, time);
        _time = time;
        _version = version;
        _log = log;
    }

    /// <summary>All zero while the facade is off.</summary>
    public FacadeCounters Counters { get; } = new();

    /// <summary>Null: plain text.</summary>
    public ServerTls? Tls { get; init; }

    /// <summary>Once.</summary>
    /// <param name="listening">Listening; owned by this server.</param>
    /// <param name="bind">The endpoint that they were created for.</param>
    /// <param name="maxConnections">Further clients are refused.</param>
    public void Start(IReadOnlyList<Socket> listening, HostEndpoint bind, int maxConnections)
    {
        _context = new FacadeContext(_directory, new FacadeAccess(_running), Counters, _time, _version)
        {
            Commands = FacadeCommands.All,
            Tls = Tls,
            Port = bind.Port,
            MaxConnections = maxConnections,
        };
        _listening = listening;
        _working = [.. listening.Select(socket => AcceptAsync(socket, _context)), PublishAsync()];
        FacadeLog.Listening(_log, bind.ToString());
        Follow();
        WarnOfLoopback(bind);
    }

    /// <summary>After a reload: there may be other masters.</summary>
    public void Follow()
    {
        foreach (ITopologySource source in _context is null ? [] : _directory.Sources)
        {
            if (_followed.Add(source))
            {
                source.Subscribe(new SwitchMasterPublisher(master => _switches.Writer.TryWrite(master)));
            }
        }
    }

    /// <summary>Closes all; when this returns, every client has received its replies, or two seconds have passed.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        foreach (Socket socket in _listening)
        {
            socket.Dispose();
        }

        await Task.WhenAll(_working);
        Task ended = Task.WhenAll(_connections.Values.Select(one => one.Serving));
        await Task.WhenAny(ended, Task.Delay(EndWithin, _time, CancellationToken.None));
        foreach ((FacadeConnection connection, _) in _connections.Values)
        {
            connection.Dispose();
        }
    }

    public void Dispose() => _stop.Dispose();

    // A listener on a loopback address is a sidecar's; a facade for other machines beside it is usually a mistake.
    private void WarnOfLoopback(HostEndpoint bind)
    {
        bool isForThisMachine = bind.Address is { } own ? IPAddress.IsLoopback(own) : bind.Host == "localhost";
        foreach (FacadeMaster master in isForThisMachine ? [] : _directory.MastersFor(IPAddress.None))
        {
            if (master.Address.Address is { } address ? IPAddress.IsLoopback(address) : master.Address.Host == "localhost")
            {
                FacadeLog.AnnouncesLoopback(_log, master.Name, master.Address.ToString());
            }
        }
    }

    private async Task AcceptAsync(Socket listening, FacadeContext context)
    {
        bool isFailing = false;
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                Take(await listening.AcceptAsync(_stop.Token), context);
                isFailing = false;
            }
            catch (Exception) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                // Usually no file descriptors, or a client that has already disconnected.
                if (!isFailing)
                {
                    isFailing = true;
                    FacadeLog.CannotAccept(_log, failure.Message);
                }

                await Task.Delay(AfterError, _time, CancellationToken.None);
            }
        }
    }

    private void Take(Socket client, FacadeContext context)
    {
        if (_connections.Count >= context.MaxConnections && !TryMakeRoom(client, context.MaxConnections))
        {
            Counters.CountRefused();
            if (!_isFull)
            {
                _isFull = true;
                FacadeLog.Full(_log, context.MaxConnections);
            }

            _ = RefuseAsync(client);
            return;
        }

        _isFull = false;
        FacadeConnection connection;
        try
        {
            connection = new FacadeConnection(client, context, ++_lastId);
        }
        catch (SocketException)
        {
            // Disconnected before it could be examined.
            client.Dispose();
            return;
        }

        long id = _lastId;
        Counters.CountOpened();
        var begin = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _connections[id] = (connection, ServeAsync(id, connection, client.RemoteEndPoint, begin.Task));
        begin.SetResult();
    }

    // The oldest client without a request goes first; then the oldest of the address with the most connections, for an address with fewer.
    private bool TryMakeRoom(Socket client, int max)
    {
        FacadeConnection[] open =
            [.. _connections.OrderBy(one => one.Key).Select(one => one.Value.Connection).Where(one => !one.IsDropped)];
        if (open.Length < max)
        {
            return true;
        }

        FacadeConnection? victim = Array.Find(open, one => !one.HasSpoken);
        if (victim is null && AddressOf(client) is { } comer)
        {
            IGrouping<IPAddress, FacadeConnection> greediest = open.GroupBy(one => one.Address).MaxBy(group => group.Count())!;
            victim = greediest.Count() > open.Count(one => one.Address.Equals(comer)) + 1 ? greediest.First() : null;
        }

        victim?.MakeRoom();
        return victim is not null;
    }

    private static IPAddress? AddressOf(Socket client)
    {
        try
        {
            return (client.RemoteEndPoint as IPEndPoint)?.Address;
        }
        catch (SocketException)
        {
            // Already disconnected.
            return null;
        }
    }

    private async Task ServeAsync(long id, FacadeConnection connection, EndPoint? remote, Task begin)
    {
        // Not before it is listed, so that one that ends at once is removed from the list.
        await begin;
        try
        {
            if (await connection.RunAsync(_stop.Token) is { Length: > 0 } reason)
            {
                Counters.CountDropped();
                FacadeLog.Dropped(_log, remote, reason);
            }
        }
        catch (Exception failure) when (failure is SocketException or IOException or ObjectDisposedException or OperationCanceledException)
        {
            // The client's own doing, or shutdown.
        }
        catch (Exception failure)
        {
            FacadeLog.ConnectionFailed(_log, failure);
        }
        finally
        {
            connection.Dispose();
            _connections.TryRemove(id, out _);
            Counters.CountClosed();
        }
    }

    private static async Task RefuseAsync(Socket client)
    {
        using (client)
        {
            try
            {
                await client.SendAsync(TooMany, SocketFlags.None);
            }
            catch (SocketException)
            {
                // Already disconnected.
            }
        }
    }

    private async Task PublishAsync()
    {
        try
        {
            await foreach (string master in _switches.Reader.ReadAllAsync(_stop.Token))
            {
                int notified = _connections.Values.Count(one => one.Connection.TryPublishSwitch(master));
                FacadeLog.Published(_log, notified, master);
            }
        }
        catch (OperationCanceledException)
        {
            // Shutdown.
        }
        catch (Exception failure)
        {
            FacadeLog.ConnectionFailed(_log, failure);
        }
    }
}
