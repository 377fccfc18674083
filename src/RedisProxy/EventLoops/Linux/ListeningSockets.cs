using System.Buffers.Binary;
using System.Net.NetworkInformation;
using System.Net;
using System.Runtime.Versioning;

namespace RedisProxy.EventLoops;

/// <summary>
/// Counts the sockets that listen on an address, in all processes, by asking the kernel for just those (sock_diag(7)). The tables
/// under <c>/proc/net</c> have a line for every connection of the host, which on a busy one costs much time and memory.
/// </summary>
[SupportedOSPlatform("linux")]
internal static unsafe class ListeningSockets
{
    // struct nlmsghdr, and struct inet_diag_req_v2 behind it.
    private const int HeaderBytes = 16;
    private const int RequestBytes = HeaderBytes + 56;
    private const ushort ByFamily = 20; // SOCK_DIAG_BY_FAMILY
    private const ushort Done = 3; // NLMSG_DONE
    private const ushort Dump = 0x301; // NLM_F_REQUEST | NLM_F_DUMP
    private const uint Listening = 1 << 10; // TCP_LISTEN
    private const int ReceiveBytes = 32 * 1024;

    /// <summary>How many sockets listen on exactly this address now.</summary>
    public static int Count(IPEndPoint endpoint) =>
        // Where the query is not permitted, the tables have to do.
        TryCount(endpoint, out int count)
            ? count
            : IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Count(endpoint.Equals);

    private static bool TryCount(IPEndPoint endpoint, out int count)
    {
        count = 0;
        int fd = Libc.Socket(LibcConstants.AfNetlink, LibcConstants.Raw, LibcConstants.NetlinkSocketDiagnosis);
        if (fd < 0)
        {
            return false;
        }

        try
        {
            return TryAsk(fd, endpoint) && TryRead(fd, endpoint, out count);
        }
        finally
        {
            _ = Libc.Close(fd);
        }
    }

    private static bool TryAsk(int fd, IPEndPoint endpoint)
    {
        byte* request = stackalloc byte[RequestBytes];
        var fields = new Span<byte>(request, RequestBytes);
        fields.Clear();
        BinaryPrimitives.WriteInt32LittleEndian(fields, RequestBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(fields[4..], ByFamily);
        BinaryPrimitives.WriteUInt16LittleEndian(fields[6..], Dump);
        fields[HeaderBytes] = (byte)SocketAddress.FamilyOf(endpoint);
        fields[HeaderBytes + 1] = LibcConstants.IpProtoTcp;
        BinaryPrimitives.WriteUInt32LittleEndian(fields[(HeaderBytes + 4)..], Listening);
        BinaryPrimitives.WriteUInt16BigEndian(fields[(HeaderBytes + 8)..], (ushort)endpoint.Port);
        return SocketCalls.Send(fd, request, RequestBytes) == RequestBytes;
    }

    // The kernel produces the answer during the receive, so no receive waits.
    private static bool TryRead(int fd, IPEndPoint endpoint, out int count)
    {
        count = 0;
        byte[] room = new byte[ReceiveBytes];
        while (true)
        {
            int received;
            fixed (byte* start = room)
            {
                received = SocketCalls.Receive(fd, start, room.Length);
            }

            for (ReadOnlySpan<byte> left = room.AsSpan(0, Math.Max(0, received)); left.Length >= HeaderBytes;)
            {
                int length = BinaryPrimitives.ReadInt32LittleEndian(left);
                ushort type = BinaryPrimitives.ReadUInt16LittleEndian(left[4..]);
                if (type != ByFamily || length < HeaderBytes || length > left.Length)
                {
                    return type == Done;
                }

                count += IsAt(left[HeaderBytes..length], endpoint) ? 1 : 0;
                left = left[Math.Min(left.Length, (length + 3) & ~3)..];
            }

            if (received <= 0)
            {
                return false;
            }
        }
    }

    // struct inet_diag_msg: four bytes, then the ports and the addresses.
    private static bool IsAt(ReadOnlySpan<byte> message, IPEndPoint endpoint)
    {
        int addressBytes = SocketAddress.FamilyOf(endpoint) == LibcConstants.AfInet6 ? 16 : 4;
        return BinaryPrimitives.ReadUInt16BigEndian(message[4..]) == endpoint.Port
            && message.Slice(8, addressBytes).SequenceEqual(endpoint.Address.GetAddressBytes());
    }
}
