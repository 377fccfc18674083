using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace RedisProxy.EventLoops;

/// <summary>The errors that the loops distinguish, by Linux's numbers, whatever the operating system.</summary>
internal static class Errno
{
    public const int Perm = 1;
    public const int Interrupted = 4;
    public const int InputOutput = 5;
    public const int Again = 11;
    public const int NoMemory = 12;
    public const int AccessDenied = 13;
    public const int TooManyFilesInSystem = 23;
    public const int TooManyFiles = 24;
    public const int BrokenPipe = 32;
    public const int Protocol = 71;
    public const int OperationNotSupported = 95;
    public const int AddressInUse = 98;
    public const int NetDown = 100;
    public const int NetUnreachable = 101;
    public const int ConnectionAborted = 103;
    public const int ConnectionReset = 104;
    public const int NoBuffers = 105;
    public const int TimedOut = 110;
    public const int ConnectionRefused = 111;
    public const int HostDown = 112;
    public const int HostUnreachable = 113;
    public const int InProgress = 115;
    public const int Canceled = 125;
    public const int NoProtocolOption = 92;
    public const int NoNet = 64;

    private static readonly Dictionary<SocketError, int> Numbers = new()
    {
        [SocketError.Success] = 0,
        [SocketError.AccessDenied] = 13,
        [SocketError.AddressAlreadyInUse] = AddressInUse,
        [SocketError.AddressNotAvailable] = 99,
        [SocketError.ConnectionAborted] = ConnectionAborted,
        [SocketError.ConnectionRefused] = ConnectionRefused,
        [SocketError.ConnectionReset] = ConnectionReset,
        [SocketError.Disconnecting] = BrokenPipe,
        [SocketError.HostDown] = HostDown,
        [SocketError.HostUnreachable] = HostUnreachable,
        [SocketError.Interrupted] = Interrupted,
        [SocketError.InvalidArgument] = 22,
        [SocketError.NetworkDown] = NetDown,
        [SocketError.NetworkUnreachable] = NetUnreachable,
        [SocketError.NoBufferSpaceAvailable] = NoBuffers,
        [SocketError.OperationAborted] = Canceled,
        [SocketError.OperationNotSupported] = OperationNotSupported,
        [SocketError.Shutdown] = BrokenPipe,
        [SocketError.TimedOut] = TimedOut,
        [SocketError.TooManyOpenSockets] = TooManyFiles,
        [SocketError.TryAgain] = Again,
        [SocketError.WouldBlock] = Again,
    };

    /// <summary>Of the last system call on Linux. No other call may come in between.</summary>
    public static int Last => Marshal.GetLastSystemError();

    /// <summary>The number of an error that the framework has named.</summary>
    public static int Of(SocketError error) => Numbers.GetValueOrDefault(error, InputOutput);

    /// <summary>The system's message for an error number, for logs.</summary>
    public static string Describe(int errno)
    {
        if (OperatingSystem.IsLinux())
        {
            return Marshal.GetPInvokeErrorMessage(errno);
        }

        SocketError error = Numbers.FirstOrDefault(pair => pair.Value == errno, new(SocketError.SocketError, errno)).Key;
        return new SocketException((int)error).Message;
    }
}
