using System.Buffers.Binary;
using System.Net.Sockets;

namespace RedisProxy.Testing;

/// <summary>The kernel's state of a connection (Linux: <c>TCP_INFO</c>, offsets as in <c>struct tcp_info</c>).</summary>
/// <param name="UnacknowledgedSegments">Sent but not acknowledged.</param>
/// <param name="UnsentBytes">Accepted from the program but not sent yet.</param>
/// <param name="DataSegmentsReceived">Received segments that carried data.</param>
public readonly record struct TcpState(uint UnacknowledgedSegments, uint UnsentBytes, uint DataSegmentsReceived)
{
    private const int TcpLevel = 6;
    private const int TcpInfo = 11;

    public bool IsAllAcknowledged => UnacknowledgedSegments == 0 && UnsentBytes == 0;

    public static TcpState Read(Socket socket)
    {
        Span<byte> info = stackalloc byte[232];
        info.Clear();
        socket.GetRawSocketOption(TcpLevel, TcpInfo, info);
        return new TcpState(Read(info, 24), Read(info, 144), Read(info, 152));
    }

    private static uint Read(ReadOnlySpan<byte> info, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(info[offset..]);
}
