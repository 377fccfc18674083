using System.Runtime.InteropServices;

namespace RedisProxy.EventLoops;

/// <summary>The Linux error numbers that the loops distinguish.</summary>
internal static class Errno
{
    public const int Perm = 1;
    public const int Interrupted = 4;
    public const int Again = 11;
    public const int NoMemory = 12;
    public const int TooManyFilesInSystem = 23;
    public const int TooManyFiles = 24;
    public const int Protocol = 71;
    public const int OperationNotSupported = 95;
    public const int AddressInUse = 98;
    public const int NetDown = 100;
    public const int NetUnreachable = 101;
    public const int ConnectionAborted = 103;
    public const int ConnectionReset = 104;
    public const int NoBuffers = 105;
    public const int TimedOut = 110;
    public const int HostDown = 112;
    public const int HostUnreachable = 113;
    public const int InProgress = 115;
    public const int Canceled = 125;
    public const int NoProtocolOption = 92;
    public const int NoNet = 64;

    /// <summary>Of the last call. No other call may come in between.</summary>
    public static int Last => Marshal.GetLastSystemError();

    /// <summary>The system's message for an error number, for logs.</summary>
    public static string Describe(int errno) => Marshal.GetPInvokeErrorMessage(errno);
}
