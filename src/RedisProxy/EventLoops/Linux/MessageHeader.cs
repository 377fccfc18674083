using System.Runtime.InteropServices;

namespace RedisProxy.EventLoops;

/// <summary><c>struct msghdr</c> of 64-bit Linux (recvmsg(2)), without the address, which connected sockets do not need.</summary>
[StructLayout(LayoutKind.Explicit, Size = 56)]
internal unsafe struct MessageHeader
{
    [FieldOffset(16)]
    public MessagePart* Parts;

    [FieldOffset(24)]
    public nuint PartCount;

    [FieldOffset(32)]
    public void* Control;

    [FieldOffset(40)]
    public nuint ControlBytes;

    [FieldOffset(48)]
    public int Flags;
}

/// <summary><c>struct iovec</c></summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct MessagePart
{
    public void* Start;
    public nuint Bytes;
}

/// <summary><c>struct cmsghdr</c>, and behind it up to two descriptors.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct RightsMessage
{
    public const int HeadBytes = 16;

    public nuint Bytes;
    public int Level;
    public int Type;
    public fixed int Descriptors[2];

    /// <summary>How many there are.</summary>
    public readonly int Count => Bytes < HeadBytes ? 0 : (int)(Bytes - HeadBytes) / sizeof(int);
}
