using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Text;

namespace RedisProxy.Transport;

/// <summary>
/// The header of the PROXY protocol, versions 1 and 2 (haproxy.org, doc/proxy-protocol.txt), with which a load balancer passes on its
/// client's address. Read to its last byte and no further, because what follows belongs to the layer above.
/// </summary>
internal static class ProxyHeader
{
    /// <summary>Longer headers are refused. Version 1 has at most 107; version 2 may have extensions after the addresses.</summary>
    public const int MaxBytes = 1024;

    private const int MaxBytesV1 = 107;
    private const int FixedBytesV2 = 16;
    private const int AddressBytesV4 = 12;
    private const int AddressBytesV6 = 36;
    private const byte Local = 0x20;
    private const byte Proxied = 0x21;
    private const byte TcpV4 = 0x11;
    private const byte TcpV6 = 0x21;

    private static ReadOnlySpan<byte> SignatureV1 => "PROXY "u8;

    private static ReadOnlySpan<byte> SignatureV2 => "\r\n\r\n\0\r\nQUIT\n"u8;

    /// <summary>Parses the first bytes of a connection.</summary>
    /// <param name="received">Everything received so far; may be empty.</param>
    /// <param name="source">The load balancer's client; null if the header does not say, or the connection is the balancer's own.</param>
    /// <returns>Number of further bytes that certainly belong to the header; 0: it is complete; negative: not a header.</returns>
    public static int Read(ReadOnlySpan<byte> received, out IPEndPoint? source)
    {
        source = null;
        if (received.IsEmpty)
        {
            // The first byte determines the version, and a header of version 1 may be shorter than the fixed part of version 2.
            return 1;
        }

        if (received.StartsWith(SignatureV2) || (received.Length < SignatureV2.Length && SignatureV2.StartsWith(received)))
        {
            return ReadV2(received, out source);
        }

        bool isV1 = received.StartsWith(SignatureV1) || (received.Length < SignatureV1.Length && SignatureV1.StartsWith(received));
        return isV1 ? ReadV1(received, out source) : -1;
    }

    /// <summary>Version 2, for a connection without a client address: the proxy's own, or of a client on a unix socket.</summary>
    public static byte[] WriteLocal() => [.. SignatureV2, Local, 0, 0, 0];

    /// <summary>Version 2, for a client's connection.</summary>
    /// <param name="source">The client; null if it has no address.</param>
    /// <param name="destination">The address it connected to. If the families differ, neither is sent.</param>
    public static byte[] Write(IPEndPoint? source, IPEndPoint? destination)
    {
        if (source is null || destination is null)
        {
            return WriteLocal();
        }

        IPAddress from = Plain(source.Address);
        IPAddress to = Plain(destination.Address);
        if (from.AddressFamily != to.AddressFamily)
        {
            return WriteLocal();
        }

        bool isV4 = from.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork;

        var header = new byte[FixedBytesV2 + (isV4 ? AddressBytesV4 : AddressBytesV6)];
        SignatureV2.CopyTo(header);
        header[12] = Proxied;
        header[13] = isV4 ? TcpV4 : TcpV6;
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(14), (ushort)(header.Length - FixedBytesV2));
        int addressBytes = isV4 ? 4 : 16;
        Span<byte> addresses = header.AsSpan(FixedBytesV2);
        from.TryWriteBytes(addresses, out _);
        to.TryWriteBytes(addresses[addressBytes..], out _);
        BinaryPrimitives.WriteUInt16BigEndian(addresses[(2 * addressBytes)..], (ushort)source.Port);
        BinaryPrimitives.WriteUInt16BigEndian(addresses[((2 * addressBytes) + 2)..], (ushort)destination.Port);
        return header;
    }

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    private static int ReadV2(ReadOnlySpan<byte> received, out IPEndPoint? source)
    {
        source = null;
        if (received.Length < FixedBytesV2)
        {
            return FixedBytesV2 - received.Length;
        }

        int rest = BinaryPrimitives.ReadUInt16BigEndian(received[14..]);
        if (received[12] is not (Local or Proxied) || FixedBytesV2 + rest > MaxBytes)
        {
            return -1;
        }

        if (received.Length < FixedBytesV2 + rest)
        {
            return FixedBytesV2 + rest - received.Length;
        }

        if (received[12] == Local)
        {
            return 0;
        }

        int addressBytes = received[13] switch { TcpV4 => 4, TcpV6 => 16, _ => 0 };
        if (addressBytes > 0)
        {
            ReadOnlySpan<byte> addresses = received[FixedBytesV2..];
            if (rest < (2 * addressBytes) + 4)
            {
                return -1;
            }

            int port = BinaryPrimitives.ReadUInt16BigEndian(addresses[(2 * addressBytes)..]);
            source = new IPEndPoint(new IPAddress(addresses[..addressBytes]), port);
        }

        return 0;
    }

    // PROXY TCP4 192.0.2.1 198.51.100.2 51234 6380, and a line end; or PROXY UNKNOWN and anything.
    private static int ReadV1(ReadOnlySpan<byte> received, out IPEndPoint? source)
    {
        source = null;
        int end = received.IndexOf((byte)'\n');
        if (end < 0)
        {
            return received.Length < MaxBytesV1 ? 1 : -1;
        }

        if (end != received.Length - 1 || received[end - 1] != '\r')
        {
            return -1;
        }

        string[] words = Encoding.Latin1.GetString(received[..(end - 1)]).Split(' ');
        if (words is ["PROXY", "UNKNOWN", ..])
        {
            return 0;
        }

        bool isSource = words is ["PROXY", "TCP4" or "TCP6", _, _, _, _]
            && IPAddress.TryParse(words[2], out IPAddress? address) && IPAddress.TryParse(words[3], out _)
            && (address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork) == (words[1] == "TCP4")
            && TryReadPort(words[4], out int port) && TryReadPort(words[5], out _)
            && (source = new IPEndPoint(address, port)) is not null;
        return isSource ? 0 : -1;
    }

    private static bool TryReadPort(string text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port <= IPEndPoint.MaxPort;
}
