using System.Net;
using System.Net.Sockets;

namespace RedisProxy.Testing;

/// <summary>
/// TCP ports on loopback for servers that tests start, stop and start again at the same address. Below the ephemeral range
/// (32768 and up on Linux), so that no outgoing connection takes one while its server is down; never handed out twice in a process; and
/// in blocks that belong to one process at a time, so that parallel test runs do not collide.
/// </summary>
public static class FreePorts
{
    private const int First = 15_000;
    private const int End = 32_000;
    private const int BlockSize = 50;
    private const int Blocks = (End - First) / BlockSize;

    private static readonly Lock Gate = new();

    // A block is marked by a UDP socket at its first port, for as long as the process lives. The kernel closes it, however that ends.
    private static readonly List<Socket> HeldBlocks = [];
    private static int _next;
    private static int _blockEnd;

    public static int Take()
    {
        lock (Gate)
        {
            while (true)
            {
                if (_next == _blockEnd)
                {
                    TakeBlock();
                }

                int port = _next++;
                if (CanBind(port))
                {
                    return port;
                }
            }
        }
    }

    private static void TakeBlock()
    {
        // Start at random: a client or a Sentinel may still remember a port that an earlier run has just used.
        int start = Random.Shared.Next(Blocks);
        for (int i = 0; i < Blocks; i++)
        {
            int first = First + ((start + i) % Blocks * BlockSize);
            if (TryBind(SocketType.Dgram, first) is { } mark)
            {
                HeldBlocks.Add(mark);
                _next = first;
                _blockEnd = first + BlockSize;
                return;
            }
        }

        throw new InvalidOperationException($"All blocks of ports from {First} to {End} are taken.");
    }

    private static bool CanBind(int port)
    {
        using Socket? socket = TryBind(SocketType.Stream, port);
        return socket is not null;
    }

    private static Socket? TryBind(SocketType type, int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, type, ProtocolType.Unspecified);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Any, port));
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }
    }
}
