using System.Buffers.Binary;
using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace RedisProxy.EventLoops;

/// <summary>One epoll instance and its event buffer. Edge-triggered throughout: an event reports a change.</summary>
[SupportedOSPlatform("linux")]
internal sealed unsafe class Epoll : IDisposable
{
    // Output is sent at the end of an iteration, so a longer one delays the sockets that were first in it. Beyond this size, fewer waits
    // and wake-ups save nothing more.
    private const int MaxEvents = 32;

    // struct epoll_event is packed on x86-64 only: 12 bytes there, 16 elsewhere.
    private static readonly bool IsPacked = RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.X86;
    private static readonly int EventBytes = IsPacked ? 12 : 16;
    private static readonly int DataOffset = IsPacked ? 4 : 8;

    private readonly int _fd;
    private readonly byte[] _pinned = GC.AllocateUninitializedArray<byte>(MaxEvents * 16, pinned: true);
    private readonly byte* _events;

    public Epoll()
    {
        _fd = Libc.EpollCreate(LibcConstants.EpollCloexec);
        if (_fd < 0)
        {
            throw new Win32Exception(Errno.Last);
        }

        _events = (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(_pinned, 0);
    }

    /// <summary>Reports every change of the descriptor's readiness as an event with this data, starting with the current state.</summary>
    public bool TryAdd(int fd, ulong data)
    {
        const uint Interest = LibcConstants.EpollIn | LibcConstants.EpollOut | LibcConstants.EpollRdHup | LibcConstants.EpollEdge;
        byte* epollEvent = stackalloc byte[16];
        BinaryPrimitives.WriteUInt32LittleEndian(new Span<byte>(epollEvent, 4), Interest);
        BinaryPrimitives.WriteUInt64LittleEndian(new Span<byte>(epollEvent + DataOffset, 8), data);
        return Libc.EpollControl(_fd, LibcConstants.EpollAdd, fd, epollEvent) == 0;
    }

    /// <summary>Needed only where the connection stays open elsewhere: otherwise closing the descriptor ends its events.</summary>
    public void Remove(int fd)
    {
        byte* unused = stackalloc byte[16];
        _ = Libc.EpollControl(_fd, LibcConstants.EpollDelete, fd, unused);
    }

    /// <summary>Waits and returns the number of events; 0 on timeout and when a signal interrupted the wait.</summary>
    public int Wait(int timeoutMs)
    {
        int count = Libc.EpollWait(_fd, _events, MaxEvents, timeoutMs);
        if (count >= 0)
        {
            return count;
        }

        int errno = Errno.Last;
        return errno == Errno.Interrupted ? 0 : throw new Win32Exception(errno);
    }

    /// <inheritdoc cref="Kernel.ReadinessAt"/>
    public SocketReadiness ReadinessAt(int index)
    {
        const uint Broken = LibcConstants.EpollErr | LibcConstants.EpollHup;
        const uint Closed = LibcConstants.EpollRdHup | Broken;
        uint events = *(uint*)(_events + (index * EventBytes));

        // Masks, and no branches.
        return ((events & (LibcConstants.EpollIn | Closed)) != 0 ? SocketReadiness.Readable : SocketReadiness.None)
            | ((events & (LibcConstants.EpollOut | Broken)) != 0 ? SocketReadiness.Writable : SocketReadiness.None)
            | ((events & Closed) != 0 ? SocketReadiness.PeerClosed : SocketReadiness.None);
    }

    public ulong DataAt(int index) => Unsafe.ReadUnaligned<ulong>(_events + (index * EventBytes) + DataOffset);

    public void Dispose() => _ = Libc.Close(_fd);
}
