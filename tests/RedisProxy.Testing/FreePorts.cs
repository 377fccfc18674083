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

    // Each lock lives as long as the process; the kernel drops it however the process ends.
    private static readonly List<FileStream> HeldBlocks = [];
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
        string folder = Path.Combine(Path.GetTempPath(), $"redisproxy-ports-{Environment.UserName}");
        Directory.CreateDirectory(folder);
        // Start at random: a client or a Sentinel may still remember a port that an earlier run has just used.
        int start = Random.Shared.Next(Blocks);
        for (int i = 0; i < Blocks; i++)
        {
            int block = (start + i) % Blocks;
            try
            {
                // FileShare.None is flock(2) on Linux.
                HeldBlocks.Add(new FileStream(
                    Path.Combine(folder, $"block-{block}"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
                _next = First + (block * BlockSize);
                _blockEnd = _next + BlockSize;
                return;
            }
            catch (IOException)
            {
                // Another process has this block.
            }
        }

        throw new InvalidOperationException($"All blocks of ports from {First} to {End} are taken, see {folder}.");
    }

    private static bool CanBind(int port)
    {
        try
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.Any, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
