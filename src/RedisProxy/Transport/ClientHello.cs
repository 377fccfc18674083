using System.Buffers.Binary;

namespace RedisProxy.Transport;

/// <summary>How much of a ClientHello has arrived.</summary>
internal enum HelloStatus
{
    /// <summary>Not all of it.</summary>
    Incomplete,

    /// <summary>All of it: a server can answer.</summary>
    Whole,

    /// <summary>Not a ClientHello, or longer than any real one.</summary>
    Refused,
}

/// <summary>
/// Finds the end of a ClientHello (RFC 8446, 4.1.2 and 5.1; the same before TLS 1.3): a handshake message in one record, or in several of
/// any size. Its content is left to the TLS library.
/// </summary>
internal static class ClientHello
{
    /// <summary>No more bytes than this are examined. A ClientHello with a post-quantum key share and a ticket has about 2 KiB.</summary>
    public const int MaxBytes = 32 * 1024;

    private const int RecordHeaderBytes = 5;
    private const int MessageHeaderBytes = 4;
    private const int MaxRecordBytes = 16 * 1024;
    private const int MaxMessageBytes = 16 * 1024;
    private const byte HandshakeRecord = 22;
    private const byte MajorVersion = 3;
    private const byte HelloMessage = 1;

    /// <param name="received">Everything received so far, up to <see cref="MaxBytes"/>.</param>
    public static HelloStatus Look(ReadOnlySpan<byte> received)
    {
        Span<byte> message = stackalloc byte[MessageHeaderBytes];
        int bytes = 0;
        for (ReadOnlySpan<byte> rest = received; rest.Length > 0;)
        {
            if (rest[0] != HandshakeRecord || (rest.Length > 1 && rest[1] != MajorVersion))
            {
                return HelloStatus.Refused;
            }

            if (rest.Length < RecordHeaderBytes)
            {
                break;
            }

            int length = BinaryPrimitives.ReadUInt16BigEndian(rest[3..]);
            if (length is 0 or > MaxRecordBytes)
            {
                return HelloStatus.Refused;
            }

            ReadOnlySpan<byte> fragment = rest[RecordHeaderBytes..Math.Min(rest.Length, RecordHeaderBytes + length)];
            for (int i = 0; i < fragment.Length && bytes + i < MessageHeaderBytes; i++)
            {
                message[bytes + i] = fragment[i];
            }

            bytes += fragment.Length;
            if (bytes > 0 && (message[0] != HelloMessage || (bytes >= MessageHeaderBytes && Length(message) > MaxMessageBytes)))
            {
                return HelloStatus.Refused;
            }

            if (bytes >= MessageHeaderBytes && bytes >= MessageHeaderBytes + Length(message))
            {
                return HelloStatus.Whole;
            }

            rest = rest[(RecordHeaderBytes + fragment.Length)..];
        }

        return received.Length < MaxBytes ? HelloStatus.Incomplete : HelloStatus.Refused;
    }

    // Three bytes, after the type byte.
    private static int Length(ReadOnlySpan<byte> message) => (int)(BinaryPrimitives.ReadUInt32BigEndian(message) & 0xFFFFFF);
}
