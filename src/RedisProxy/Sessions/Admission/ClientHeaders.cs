using System.Net;

using RedisProxy.EventLoops;
using RedisProxy.Transport;

namespace RedisProxy.Sessions;

/// <summary>
/// Clients of one listener on one loop whose connection begins with a load balancer's header that has not arrived yet, see
/// <see cref="ProxyHeader"/>.
/// </summary>
internal sealed class ClientHeaders(EventLoop loop)
{
    /// <summary>For the whole header. The specification asks for at least 3 s, so that one lost packet does no harm.</summary>
    public const int TimeoutMs = 5000;

    private readonly HashSet<LoopSocket> _waiting = [];

    /// <summary>Takes the header from the connection, and not a byte more, and sets the client's peer address from it.</summary>
    /// <returns>Null: done. Otherwise the reason as a sentence, or an <see cref="EndOfStreamException"/> if the peer connected and sent
    /// nothing.</returns>
    public async Task<Exception?> ReadAsync(LoopSocket client)
    {
        _waiting.Add(client);
        var deadline = new LoopTimer(static client => ((LoopSocket)client).Close(), client);
        loop.Timers.Arm(deadline, loop.NowMs + TimeoutMs);
        try
        {
            return await ReceiveAsync(client);
        }
        finally
        {
            loop.Timers.Disarm(deadline);
            _waiting.Remove(client);
        }
    }

    /// <summary>The listener stops.</summary>
    public void EndAll()
    {
        foreach (LoopSocket client in _waiting.ToArray())
        {
            client.Close();
        }
    }

    private static async Task<Exception?> ReceiveAsync(LoopSocket client)
    {
        // A silent client costs no buffer.
        await client.WaitReadableAsync();
        var header = new byte[ProxyHeader.MaxBytes];
        int length = 0;
        while (true)
        {
            int wanted = ProxyHeader.Read(header.AsSpan(0, length), out IPEndPoint? source);
            if (wanted == 0)
            {
                client.PeerAddress = source;
                return null;
            }

            if (wanted < 0 || length + wanted > header.Length)
            {
                return new InvalidDataException("it sent something else");
            }

            int received = Receive(client, header.AsSpan(length, wanted));
            if (received == Kernel.WouldBlock)
            {
                await client.WaitReadableAsync();
            }
            else if (received <= 0)
            {
                return client.IsClosed ? new TimeoutException("it took too long")
                    : length == 0 ? new EndOfStreamException()
                    : new InvalidDataException("the connection ended within it");
            }
            else
            {
                length += received;
            }
        }
    }

    private static unsafe int Receive(LoopSocket client, Span<byte> room)
    {
        fixed (byte* start = room)
        {
            return client.TryReceive(start, room.Length);
        }
    }
}
