using System.Net;
using System.Net.Sockets;

namespace RedisProxy.Load.Sharing;

/// <summary>
/// A <see cref="Neighbour"/> at work. One that reads finishes what it has asked for when a run ends, so that nothing of it is left for the
/// next one.
/// </summary>
internal sealed class NeighbourClient : IDisposable
{
    private const int ReceiveBytes = 256 * 1024;

    private static readonly TimeSpan BeginWithin = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan EndWithin = TimeSpan.FromMinutes(1);

    private readonly Neighbour _neighbour;
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly TaskCompletionSource _hasBegun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly byte[] _buffer;
    private volatile bool _isEnding;

    private NeighbourClient(Neighbour neighbour)
    {
        _neighbour = neighbour;
        _buffer = new byte[neighbour.IsReading ? ReceiveBytes : 0];
    }

    public static async Task<NeighbourClient> ConnectAsync(int port, Neighbour neighbour)
    {
        var client = new NeighbourClient(neighbour);
        try
        {
            await client._socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port));
            return client;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <summary>Some of its reply has come, whether it reads it or not.</summary>
    public bool IsAnswered => _socket.Available > 0;

    /// <summary>Sends once.</summary>
    public async Task AskAsync()
    {
        ReadOnlyMemory<byte> rest = _neighbour.Requests;
        while (rest.Length > 0)
        {
            rest = rest[await _socket.SendAsync(rest)..];
        }
    }

    /// <summary>Asks and reads all the time beside a load, which begins once there is a reply.</summary>
    public async Task<T> WorkBesideAsync<T>(Func<Task<T>> load)
    {
        Task work = WorkAsync();
        await await Task.WhenAny(work, _hasBegun.Task).WaitAsync(BeginWithin, TimeProvider.System);
        try
        {
            return await load();
        }
        finally
        {
            _isEnding = true;
            await work.WaitAsync(EndWithin, TimeProvider.System);
        }
    }

    public void Dispose() => _socket.Dispose();

    private async Task WorkAsync()
    {
        while (!_isEnding)
        {
            // At the same time, because a proxy may wait with further requests until replies have been read.
            await Task.WhenAll(AskAsync(), ReadAsync());
        }
    }

    private async Task ReadAsync()
    {
        bool isFirst = true;
        for (long left = _neighbour.ReplyBytes; left > 0;)
        {
            int count = await _socket.ReceiveAsync(_buffer.AsMemory(0, (int)Math.Min(left, _buffer.Length)));
            if (count == 0 || (isFirst && _buffer[0] != '$'))
            {
                string how = count == 0 ? "closed" : "refused";
                throw new InvalidOperationException($"The client \"{_neighbour.Title}\" was {how}.");
            }

            isFirst = false;
            left -= count;
            _hasBegun.TrySetResult();
        }
    }
}
