using System.Runtime.InteropServices;

namespace RedisProxy.EventLoops;

/// <summary>Constants of the Linux ABI (x86-64 and arm64 agree on nearly all of these), with the kernel's names in the comments.</summary>
internal static class LibcConstants
{
    public const int EpollCloexec = 0x80000; // EPOLL_CLOEXEC
    public const int EpollAdd = 1; // EPOLL_CTL_ADD
    public const int EpollDelete = 2; // EPOLL_CTL_DEL
    public const uint EpollIn = 0x1;
    public const uint EpollOut = 0x4;
    public const uint EpollErr = 0x8;
    public const uint EpollHup = 0x10;
    public const uint EpollRdHup = 0x2000;
    public const uint EpollEdge = 1u << 31; // EPOLLET

    public const int EventFdFlags = 0x80000 | 0x800; // EFD_CLOEXEC | EFD_NONBLOCK

    public const int AfUnix = 1;
    public const int AfInet = 2;
    public const int AfInet6 = 10;
    public const int AfNetlink = 16;
    public const int Raw = 3 | 0x80000; // SOCK_RAW | SOCK_CLOEXEC
    public const int NetlinkSocketDiagnosis = 4; // NETLINK_SOCK_DIAG
    public const int StreamNonBlocking = 1 | 0x800 | 0x80000; // SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC
    public const int PacketNonBlocking = 5 | 0x800 | 0x80000; // SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC
    public const int AcceptFlags = 0x800 | 0x80000; // SOCK_NONBLOCK | SOCK_CLOEXEC
    public const int NoSignal = 0x4000; // MSG_NOSIGNAL
    public const int Peek = 2; // MSG_PEEK
    public const int ShutdownWrite = 1; // SHUT_WR
    public const int ControlTruncated = 8; // MSG_CTRUNC
    public const int Truncated = 0x20; // MSG_TRUNC
    public const int ReceiveCloexec = 0x40000000; // MSG_CMSG_CLOEXEC
    public const int DuplicateCloexec = 1030; // F_DUPFD_CLOEXEC

    // __NR_sendto and __NR_recvfrom: the numbers of x86-64, and those shared by all newer architectures.
    public static readonly int CallSendTo = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 44 : 206;
    public static readonly int CallReceiveFrom = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 45 : 207;

    public const int SolSocket = 1;
    public const int SoReuseAddress = 2;
    public const int SoError = 4;
    public const int SoKeepAlive = 9;
    public const int SoLinger = 13;
    public const int SoReusePort = 15;
    public const int SoPeerCredentials = 17; // SO_PEERCRED
    public const int Rights = 1; // SCM_RIGHTS
    public const int SoAttachFilter = 26;
    public const int SoAttachReusePortFilter = 51; // SO_ATTACH_REUSEPORT_CBPF
    public const int SoDetachReusePortFilter = 68; // SO_DETACH_REUSEPORT_BPF

    public const int IpProtoTcp = 6;
    public const int TcpNoDelay = 1;
    public const int TcpKeepIdle = 4;
    public const int TcpKeepInterval = 5;
    public const int TcpKeepCount = 6;
    public const int TcpUserTimeout = 18;
    public const int TcpInfo = 11;
    public const int TcpInfoBytes = 104; // struct tcp_info as of Linux 2.6
    public const int TcpInfoLastDataReceived = 52; // tcpi_last_data_recv, 32 bits, milliseconds

    public const int ClockBootTime = 7; // CLOCK_BOOTTIME

    public const int SchedulingNormal = 0; // SCHED_OTHER
    public const int SchedulingBatch = 3; // SCHED_BATCH

    public const int LimitOpenFiles = 7; // RLIMIT_NOFILE

    public const int CurrentFolder = -100; // AT_FDCWD
    public const uint StatusSize = 0x200; // STATX_SIZE
    public const int StatusBytes = 256; // struct statx
    public const int StatusSizeOffset = 40; // stx_size, 64 bits

    public const int IpProtoIpv6 = 41;
    public const int Ipv6Only = 26;
}
