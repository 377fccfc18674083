using System.ComponentModel;
using System.Net;
using System.Runtime.Versioning;

namespace RedisProxy.EventLoops;

/// <summary>The operating system: an epoll instance, with an eventfd in it that other threads write to.</summary>
[SupportedOSPlatform("linux")]
internal sealed unsafe class LinuxKernel : Kernel
{
    private readonly Epoll _epoll = new();
    private readonly int _wakeFd;

    public LinuxKernel()
    {
        _wakeFd = Libc.EventFd(0, LibcConstants.EventFdFlags);
        if (_wakeFd < 0 || !_epoll.TryAdd(_wakeFd, WakeData))
        {
            throw new Win32Exception(Errno.Last);
        }
    }

    /// <summary>
    /// SCHED_BATCH (sched(7)): a loop that becomes ready does not preempt the process that made it ready, such as redis in the middle of a
    /// burst of replies. It runs at once on an idle processor, otherwise when its time slice comes, and then finds more to do at once. A
    /// policy that the operator has set for the process stays, and a policy that is not permitted is skipped.
    /// </summary>
    public override void OnThreadStarted()
    {
        int priority = 0;
        if (Libc.GetScheduling(0) == LibcConstants.SchedulingNormal)
        {
            _ = Libc.SetScheduling(0, LibcConstants.SchedulingBatch, &priority);
        }
    }

    public override int Wait(int timeoutMs) => _epoll.Wait(timeoutMs);

    public override SocketReadiness ReadinessAt(int index) => _epoll.ReadinessAt(index);

    public override ulong DataAt(int index) => _epoll.DataAt(index);

    public override void Wake()
    {
        ulong one = 1;
        _ = Libc.Write(_wakeFd, &one, sizeof(ulong));
    }

    public override void ClearWake()
    {
        ulong count;
        _ = Libc.Read(_wakeFd, &count, sizeof(ulong));
    }

    public override bool TryWatch(int fd, ulong data) => _epoll.TryAdd(fd, data);

    public override void Unwatch(int fd) => _epoll.Remove(fd);

    public override int Duplicate(int fd)
    {
        int copy = Libc.Control(fd, LibcConstants.DuplicateCloexec, 0);
        return copy >= 0 ? copy : -Errno.Last;
    }

    public override int Connect(IPEndPoint endpoint, TcpSettings settings)
    {
        int fd = Libc.Socket(SocketAddress.FamilyOf(endpoint), LibcConstants.StreamNonBlocking, 0);
        if (fd < 0)
        {
            return -Errno.Last;
        }

        SocketCalls.SetOptions(fd, settings);
        SocketCalls.SpreadKeepAlive(fd);
        byte* address = stackalloc byte[SocketAddress.MaxBytes];
        int length = SocketAddress.Write(endpoint, new Span<byte>(address, SocketAddress.MaxBytes));
        int error = Libc.Connect(fd, address, (uint)length) == 0 ? 0 : Errno.Last;
        if (error is 0 or Errno.InProgress)
        {
            return fd;
        }

        _ = Libc.Close(fd);
        return -error;
    }

    public override int Accept(int fd) => SocketCalls.Accept(fd);

    public override int Receive(int fd, byte* buffer, int length) => SocketCalls.Receive(fd, buffer, length);

    public override int Peek(int fd, byte* buffer, int length) => SocketCalls.Peek(fd, buffer, length);

    public override int Send(int fd, byte* buffer, int length) => SocketCalls.Send(fd, buffer, length);

    public override int TakeError(int fd) => SocketCalls.TakeError(fd);

    public override int MsSinceReceived(int fd) => SocketCalls.MsSinceReceived(fd);

    public override IPEndPoint? PeerAddress(int fd) => SocketCalls.PeerAddress(fd);

    public override IPEndPoint? LocalAddress(int fd) => SocketCalls.LocalAddress(fd);

    public override void ShutdownWrite(int fd) => _ = Libc.Shutdown(fd, LibcConstants.ShutdownWrite);

    public override void Close(int fd) => _ = Libc.Close(fd);

    public override void Abort(int fd)
    {
        SocketCalls.SetAbortOnClose(fd);
        _ = Libc.Close(fd);
    }

    public override void Dispose()
    {
        _epoll.Dispose();
        _ = Libc.Close(_wakeFd);
    }
}
