using System.Net;
using System.Net.Sockets;

namespace RedisProxy.ProcessTests.Fuzz;

/// <summary>
/// The address of a master: passes bytes to the server behind it and back, in pieces if wanted, holds replies, and cuts its connections
/// at any byte.
/// </summary>
internal sealed class Door : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly int _target;
    private readonly Lock _gate = new();
    private readonly HashSet<Passage> _passages = [];
    private TaskCompletionSource? _hold;

    public Door(int target)
    {
        _target = target;
        _listener.Start();
        _ = AcceptAsync();
    }

    public IPEndPoint Address => (IPEndPoint)_listener.LocalEndpoint;

    /// <summary>Of replies, at most; 0: as they come.</summary>
    public int ChopBytes { get; set; }

    /// <summary>Replies wait here while it is not done.</summary>
    public Task Hold => _hold?.Task ?? Task.CompletedTask;

    /// <summary>It is the master no more, and may be sent nothing.</summary>
    public bool IsForbidden { get; set; }

    /// <summary>Something was sent to it all the same.</summary>
    public bool WasTrespassed { get; set; }

    /// <summary>Everything that was sent to it has been passed on.</summary>
    public bool HasTakenAll => Array.TrueForAll(Passages(), static passage => passage.HasTakenAll);

    /// <summary>Nothing is on its way any more.</summary>
    public bool IsIdle => Passages().Length == 0;

    /// <summary>As the server knows what comes from there; null: nothing does.</summary>
    public IPEndPoint? AddressAtServer(IPEndPoint client) =>
        Passages().Select(static passage => passage.Addresses).FirstOrDefault(pair => client.Equals(pair?.Client))?.AtServer;

    public void HoldReplies() => _hold ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void ReleaseReplies() => Interlocked.Exchange(ref _hold, null)?.TrySetResult();

    /// <summary>Once so many further bytes were delivered, the connections of now are reset.</summary>
    public void Cut(int bytes, bool ofReplies)
    {
        foreach (Passage passage in Passages())
        {
            passage.Cut(bytes, ofReplies);
        }
    }

    public void EndAll(bool reset)
    {
        foreach (Passage passage in Passages())
        {
            passage.End(reset);
        }
    }

    public void Remove(Passage passage)
    {
        lock (_gate)
        {
            _passages.Remove(passage);
        }
    }

    /// <summary>All that had connected before has been accepted: connections come in their order.</summary>
    public async Task AcceptAllAsync()
    {
        using var last = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await last.ConnectAsync(Address);
        last.Shutdown(SocketShutdown.Send);
        try
        {
            await last.ReceiveAsync(new byte[1]);
        }
        catch (SocketException)
        {
            // Accepted and reset.
        }
    }

    public void Dispose()
    {
        _listener.Dispose();
        ReleaseReplies();
        EndAll(reset: true);
    }

    private Passage[] Passages()
    {
        lock (_gate)
        {
            return [.. _passages];
        }
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket client = await _listener.AcceptSocketAsync();
                var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                client.NoDelay = true;
                await server.ConnectAsync(IPAddress.Loopback, _target);
                var passage = new Passage(this, client, server);
                lock (_gate)
                {
                    _passages.Add(passage);
                }

                passage.Start();
            }
        }
        catch (Exception e) when (e is ObjectDisposedException or SocketException)
        {
            // The end of the test.
        }
    }
}

/// <summary>One connection through a <see cref="Door"/>.</summary>
internal sealed class Passage(Door door, Socket client, Socket server)
{
    private const int PieceBytes = 16 * 1024;

    // The beginning is what matters: replies to what the proxy says itself.
    private const int MaxChoppedBytes = 4096;
    private const int ManyBreaksBytes = 512;

    private readonly int[] _left = [int.MaxValue, int.MaxValue];
    private int _ended;

    public bool HasTakenAll => WhileOpen(() => client.Available > 0 ? this : null) is null;

    /// <summary>Where it comes from, and where it seems to come from; null: it has ended.</summary>
    public (IPEndPoint Client, IPEndPoint AtServer)? Addresses => WhileOpen(() =>
        Tuple.Create((IPEndPoint)client.RemoteEndPoint!, (IPEndPoint)server.LocalEndPoint!)) is var (from, seems) ? (from, seems) : null;

    public void Start()
    {
        _ = PumpAsync(client, server, isReplies: false);
        _ = PumpAsync(server, client, isReplies: true);
    }

    public void Cut(int bytes, bool ofReplies) => _left[ofReplies ? 1 : 0] = bytes;

    public void End(bool reset)
    {
        if (Interlocked.Exchange(ref _ended, 1) != 0)
        {
            return;
        }

        door.Remove(this);
        foreach (Socket socket in new[] { client, server })
        {
            if (reset)
            {
                socket.LingerState = new LingerOption(true, 0);
            }

            socket.Dispose();
        }
    }

    private static T? WhileOpen<T>(Func<T?> look)
        where T : class
    {
        try
        {
            return look();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return null;
        }
    }

    private async Task PumpAsync(Socket from, Socket to, bool isReplies)
    {
        byte[] room = new byte[PieceBytes];
        int chopped = 0;
        try
        {
            while (await from.ReceiveAsync(room) is var received and > 0)
            {
                door.WasTrespassed |= door.IsForbidden && !isReplies;
                for (int sent = 0; sent < received;)
                {
                    if (isReplies)
                    {
                        await door.Hold;
                    }

                    int chop = isReplies && chopped < MaxChoppedBytes ? door.ChopBytes : 0;
                    int piece = chop > 0 ? Math.Min(1 + Random.Shared.Next(chop), received - sent) : received - sent;
                    piece = Math.Min(piece, _left[isReplies ? 1 : 0]);
                    await to.SendAsync(room.AsMemory(sent, piece));
                    sent += piece;
                    chopped += piece;
                    if (_left[isReplies ? 1 : 0] != int.MaxValue && (_left[isReplies ? 1 : 0] -= piece) <= 0)
                    {
                        End(reset: true);
                        return;
                    }

                    if (chop > 0 && Random.Shared.Next(chopped < ManyBreaksBytes ? 3 : 20) == 0)
                    {
                        await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
                    }
                }
            }

            to.Shutdown(SocketShutdown.Send);
            if (isReplies)
            {
                End(reset: false);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            End(reset: true);
        }
    }
}
