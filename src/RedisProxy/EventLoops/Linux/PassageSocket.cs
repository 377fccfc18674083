using System.Runtime.Versioning;
using System.Text;

namespace RedisProxy.EventLoops;

/// <summary>
/// A unix socket of whole messages (SOCK_SEQPACKET), each with up to two open connections (SCM_RIGHTS, unix(7)). The kernel delivers a
/// message with its descriptors or not at all, and closes those that nobody received. Addresses are abstract: they belong to the network
/// namespace, as TCP addresses do, leave no file behind, and are free when their socket is closed.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class PassageSocket
{
    /// <summary>The default size of a socket's send buffer is 208 KiB (net.core.wmem_default), and a message has to fit.</summary>
    public const int MaxMessageBytes = 128 * 1024;

    private const int Backlog = 8;
    private const int None = PassedMessage.None;

    private readonly LoopSocket _socket;
    private byte[] _room = [];

    private PassageSocket(LoopSocket socket) => _socket = socket;

    /// <summary>The user of this process, who alone may be at the other end.</summary>
    public static uint OwnUser => Libc.EffectiveUser();

    /// <summary>The other end is gone.</summary>
    public bool IsPeerClosed => _socket.IsPeerClosed;

    /// <summary>Who has connected, or listened: process and effective user at that moment.</summary>
    public (int Process, uint User) Peer => PeerOf(_socket.Descriptor);

    /// <summary>The process that listens there; 0: none, or it cannot be told.</summary>
    public static int ListenerAt(string name)
    {
        int fd = Open(name, out byte[] address);
        int process = TryConnect(fd, address) ? PeerOf(fd).Process : 0;
        _ = Libc.Close(fd);
        return process;
    }

    /// <returns>A listening descriptor, or a negative error number.</returns>
    public static unsafe int Listen(string name)
    {
        int fd = Open(name, out byte[] address);
        fixed (byte* start = address)
        {
            if (Libc.Bind(fd, start, (uint)address.Length) == 0 && Libc.Listen(fd, Backlog) == 0)
            {
                return fd;
            }
        }

        int error = Errno.Last;
        _ = Libc.Close(fd);
        return -error;
    }

    /// <returns>Null: nobody listens there.</returns>
    public static PassageSocket? TryConnect(EventLoop loop, string name)
    {
        int fd = Open(name, out byte[] address);
        if (TryConnect(fd, address))
        {
            return Adopt(loop, fd);
        }

        _ = Libc.Close(fd);
        return null;
    }

    /// <summary>An accepted descriptor. Null, and the descriptor closed, if the kernel cannot watch it.</summary>
    public static PassageSocket? Adopt(EventLoop loop, int fd) =>
        Sockets.Adopt(loop, fd) is { } socket ? new PassageSocket(socket) : null;

    /// <returns>False: it was not sent, and nothing was passed on.</returns>
    public unsafe bool TrySend(ReadOnlySpan<byte> message, int first = None, int second = None)
    {
        var rights = new RightsMessage { Level = LibcConstants.SolSocket, Type = LibcConstants.Rights };
        rights.Descriptors[0] = first;
        rights.Descriptors[1] = second;
        int count = first < 0 ? 0 : second < 0 ? 1 : 2;
        rights.Bytes = (nuint)(RightsMessage.HeadBytes + (count * sizeof(int)));
        fixed (byte* start = message)
        {
            var part = new MessagePart { Start = start, Bytes = (nuint)message.Length };
            var header = new MessageHeader { Parts = &part, PartCount = 1 };
            if (count > 0)
            {
                header.Control = &rights;
                header.ControlBytes = (nuint)sizeof(RightsMessage);
            }

            // It is taken whole or not at all.
            return !_socket.IsClosed && Libc.SendMessage(_socket.Descriptor, &header, LibcConstants.NoSignal) == message.Length;
        }
    }

    /// <returns>Null: the other end is gone.</returns>
    public async ValueTask<PassedMessage?> ReceiveAsync()
    {
        while (true)
        {
            if (TryReceive(out PassedMessage? message))
            {
                return message;
            }

            await _socket.WaitForMoreAsync();
        }
    }

    /// <returns>False: there is none now. True with null: the other end is gone.</returns>
    public unsafe bool TryReceive(out PassedMessage? message)
    {
        message = null;
        if (_socket.IsClosed)
        {
            return true;
        }

        _room = _room.Length > 0 ? _room : new byte[MaxMessageBytes];
        RightsMessage rights = default;
        fixed (byte* start = _room)
        {
            var part = new MessagePart { Start = start, Bytes = (nuint)_room.Length };
            var header = new MessageHeader
            {
                Parts = &part, PartCount = 1, Control = &rights, ControlBytes = (nuint)sizeof(RightsMessage),
            };
            // It does not wait, so no signal can interrupt it.
            nint received = Libc.ReceiveMessage(_socket.Descriptor, &header, LibcConstants.ReceiveCloexec);
            if (received <= 0)
            {
                return received == 0 || Errno.Last != Errno.Again;
            }

            int count = header.ControlBytes == 0 ? 0 : rights.Count;
            message = new PassedMessage(
                _room.AsSpan(0, (int)received).ToArray(),
                count > 0 ? rights.Descriptors[0] : None,
                count > 1 ? rights.Descriptors[1] : None,
                IsWhole: (header.Flags & (LibcConstants.Truncated | LibcConstants.ControlTruncated)) == 0);
            return true;
        }
    }

    public void Close() => _socket.Close();

    private static int Open(string name, out byte[] address)
    {
        int fd = Libc.Socket(LibcConstants.AfUnix, LibcConstants.PacketNonBlocking, 0);
        address = [LibcConstants.AfUnix, 0, 0, .. Encoding.ASCII.GetBytes(name)];
        return fd;
    }

    private static unsafe bool TryConnect(int fd, byte[] address)
    {
        fixed (byte* start = address)
        {
            return Libc.Connect(fd, start, (uint)address.Length) == 0;
        }
    }

    private static unsafe (int Process, uint User) PeerOf(int fd)
    {
        // struct ucred { pid_t pid; uid_t uid; gid_t gid; }
        uint* credentials = stackalloc uint[] { 0, uint.MaxValue, uint.MaxValue };
        uint length = 3 * sizeof(uint);
        return Libc.GetOption(fd, LibcConstants.SolSocket, LibcConstants.SoPeerCredentials, credentials, &length) == 0
            ? ((int)credentials[0], credentials[1])
            : (0, uint.MaxValue);
    }
}
