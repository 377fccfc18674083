using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace RedisProxy.EventLoops;

/// <summary>
/// The system calls behind the loops: the project's only P/Invoke. All return -1 on failure and leave the cause in errno, to be
/// read with <see cref="Errno.Last"/> before any other call.
/// <para>
/// Calls that cannot block suppress the GC transition, which costs about as much as a short call itself. The runtime saves errno when a
/// collection has to wait for such a call to return. <see cref="EpollWait"/> blocks, so it makes the transition.
/// </para>
/// </summary>
[SupportedOSPlatform("linux")]
internal static unsafe partial class Libc
{
    private const string Name = "libc";

    [LibraryImport(Name, EntryPoint = "epoll_create1")]
    public static partial int EpollCreate(int flags);

    [LibraryImport(Name, EntryPoint = "epoll_ctl"), SuppressGCTransition]
    public static partial int EpollControl(int epoll, int operation, int fd, byte* epollEvent);

    [LibraryImport(Name, EntryPoint = "epoll_wait")]
    public static partial int EpollWait(int epoll, byte* events, int maxEvents, int timeoutMs);

    [LibraryImport(Name, EntryPoint = "eventfd")]
    public static partial int EventFd(uint initial, int flags);

    [LibraryImport(Name, EntryPoint = "socket")]
    public static partial int Socket(int family, int type, int protocol);

    [LibraryImport(Name, EntryPoint = "bind")]
    public static partial int Bind(int fd, byte* address, uint length);

    [LibraryImport(Name, EntryPoint = "listen")]
    public static partial int Listen(int fd, int backlog);

    [LibraryImport(Name, EntryPoint = "accept4"), SuppressGCTransition]
    public static partial int Accept(int fd, byte* address, uint* length, int flags);

    [LibraryImport(Name, EntryPoint = "connect"), SuppressGCTransition]
    public static partial int Connect(int fd, byte* address, uint length);

    public static nint Receive(int fd, byte* buffer, nint length, int flags) =>
        Call(LibcConstants.CallReceiveFrom, fd, buffer, length, flags, 0, 0);

    public static nint Send(int fd, byte* buffer, nint length, int flags) =>
        Call(LibcConstants.CallSendTo, fd, buffer, length, flags, 0, 0);

    [LibraryImport(Name, EntryPoint = "read"), SuppressGCTransition]
    public static partial nint Read(int fd, void* buffer, nuint length);

    [LibraryImport(Name, EntryPoint = "write"), SuppressGCTransition]
    public static partial nint Write(int fd, void* buffer, nuint length);

    [LibraryImport(Name, EntryPoint = "shutdown"), SuppressGCTransition]
    public static partial int Shutdown(int fd, int how);

    [LibraryImport(Name, EntryPoint = "close"), SuppressGCTransition]
    public static partial int Close(int fd);

    [LibraryImport(Name, EntryPoint = "setsockopt"), SuppressGCTransition]
    public static partial int SetOption(int fd, int level, int option, void* value, uint length);

    [LibraryImport(Name, EntryPoint = "getsockopt"), SuppressGCTransition]
    public static partial int GetOption(int fd, int level, int option, void* value, uint* length);

    [LibraryImport(Name, EntryPoint = "getsockname"), SuppressGCTransition]
    public static partial int GetLocalAddress(int fd, byte* address, uint* length);

    [LibraryImport(Name, EntryPoint = "getpeername"), SuppressGCTransition]
    public static partial int GetPeerAddress(int fd, byte* address, uint* length);

    // The per-request calls, by number: the library's wrappers are cancellation points (pthreads(7)), and in a multi-threaded program they
    // toggle the thread's cancellation type around the call, with two atomic operations.
    [LibraryImport(Name, EntryPoint = "syscall"), SuppressGCTransition]
    private static partial nint Call(nint number, nint fd, void* buffer, nint length, nint flags, nint address, nint addressLength);

    [LibraryImport(Name, EntryPoint = "sendmsg"), SuppressGCTransition]
    public static partial nint SendMessage(int fd, MessageHeader* message, int flags);

    [LibraryImport(Name, EntryPoint = "recvmsg"), SuppressGCTransition]
    public static partial nint ReceiveMessage(int fd, MessageHeader* message, int flags);

    [LibraryImport(Name, EntryPoint = "fcntl"), SuppressGCTransition]
    public static partial int Control(int fd, int command, int argument);

    [LibraryImport(Name, EntryPoint = "geteuid"), SuppressGCTransition]
    public static partial uint EffectiveUser();

    [LibraryImport(Name, EntryPoint = "clock_gettime"), SuppressGCTransition]
    public static partial int ReadClock(int clock, long* secondsAndNanoseconds);

    [LibraryImport(Name, EntryPoint = "sched_getscheduler")]
    public static partial int GetScheduling(int thread);

    [LibraryImport(Name, EntryPoint = "sched_setscheduler")]
    public static partial int SetScheduling(int thread, int policy, int* priority);

    [LibraryImport(Name, EntryPoint = "getrlimit")]
    public static partial int GetLimit(int resource, ulong* softAndHard);

    [LibraryImport(Name, EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int GetStatus(int folder, string path, int flags, uint fields, byte* status);

    /// <returns>0, also if there is none; otherwise the error itself, which is not in errno.</returns>
    [LibraryImport(Name, EntryPoint = "getgrnam_r", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int FindGroup(string name, byte* group, byte* strings, nuint length, byte** found);

    [LibraryImport(Name, EntryPoint = "lchown", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int ChangeOwner(string path, uint user, uint group);

    [LibraryImport(Name, EntryPoint = "unlink", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Unlink(string path);
}
