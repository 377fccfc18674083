using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace RedisProxy.EventLoops;

/// <summary>Addresses in the kernel's formats: <c>sockaddr_in</c>, <c>sockaddr_in6</c> and <c>sockaddr_un</c>.</summary>
internal static class SocketAddress
{
    /// <summary>Room for the largest of them (unix(7): 2 + 108 bytes).</summary>
    public const int MaxBytes = 112;

    private const int Ipv4Bytes = 16;
    private const int Ipv6Bytes = 28;
    private const int UnixPathOffset = 2;

    public static int FamilyOf(IPEndPoint endpoint) =>
        endpoint.AddressFamily == AddressFamily.InterNetworkV6 ? LibcConstants.AfInet6 : LibcConstants.AfInet;

    /// <returns>The length of the address in the buffer.</returns>
    public static int Write(IPEndPoint endpoint, Span<byte> buffer)
    {
        buffer.Clear();
        int family = FamilyOf(endpoint);
        bool isIpv6 = family == LibcConstants.AfInet6;
        BinaryPrimitives.WriteUInt16LittleEndian(buffer, (ushort)family);
        BinaryPrimitives.WriteUInt16BigEndian(buffer[2..], (ushort)endpoint.Port);
        endpoint.Address.TryWriteBytes(buffer[(isIpv6 ? 8 : 4)..], out _);
        if (isIpv6)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(buffer[24..], (uint)endpoint.Address.ScopeId);
        }

        return isIpv6 ? Ipv6Bytes : Ipv4Bytes;
    }

    /// <returns>The length of the address in the buffer.</returns>
    public static int WriteUnix(string path, Span<byte> buffer)
    {
        buffer.Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(buffer, LibcConstants.AfUnix);
        return UnixPathOffset + Encoding.UTF8.GetBytes(path, buffer[UnixPathOffset..]) + 1;
    }

    /// <summary>Null for a peer on a unix socket, which has no address.</summary>
    public static IPEndPoint? Read(ReadOnlySpan<byte> buffer)
    {
        int port = BinaryPrimitives.ReadUInt16BigEndian(buffer[2..]);
        return BinaryPrimitives.ReadUInt16LittleEndian(buffer) switch
        {
            LibcConstants.AfInet => new IPEndPoint(new IPAddress(buffer.Slice(4, 4)), port),
            LibcConstants.AfInet6 => new IPEndPoint(ReadIpv6(buffer), port),
            _ => null,
        };
    }

    private static IPAddress ReadIpv6(ReadOnlySpan<byte> buffer)
    {
        var address = new IPAddress(buffer.Slice(8, 16), BinaryPrimitives.ReadUInt32LittleEndian(buffer[24..]));
        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
    }
}
