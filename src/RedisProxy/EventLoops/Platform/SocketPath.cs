using System.ComponentModel;

namespace RedisProxy.EventLoops;

/// <summary>Why no unix socket can be made at a path, and what to do about it: the system's own answers are misleading there.</summary>
internal static class SocketPath
{
    /// <summary>Added to a path: where the socket of a process that takes the path over is made, before it is renamed.</summary>
    public const string Beside = "~";

    private const int NoSuchFile = 2;
    private const int FileExists = 17;
    private const int NotAFolder = 20;
    private const int IsAFolder = 21;
    private const int ReadOnlySystem = 30;

    // struct statx: the mode is a short number at byte 28, and of its bits these are the kind of file.
    private const int StatusBytes = 256;
    private const int ModeOffset = 28;
    private const int KindBits = 0xF000;
    private const int Socket = 0xC000;
    private const int WantsKind = 1;

    /// <summary>Whether there can be a socket. What is there and is none stays: it is somebody's data.</summary>
    /// <exception cref="Win32Exception">With the reason, and advice.</exception>
    public static void Require(string path)
    {
        string folder = FolderOf(path);
        if (Directory.Exists(path))
        {
            string example = $"unix:{path.TrimEnd('/')}/redisproxy.sock";
            throw Refusal(IsAFolder, path, $"this is a folder; name a file in it, such as {example}");
        }

        if (File.Exists(folder))
        {
            throw Refusal(NotAFolder, path, $"{folder} is no folder; choose another path");
        }

        if (!Directory.Exists(folder))
        {
            throw Refusal(NoSuchFile, path, $"there is no folder {folder}, or this user may not see it; create it, or choose another path");
        }

        if (OperatingSystem.IsLinux() && IsOtherFile(path))
        {
            throw Refusal(FileExists, path, "a file that is no socket is there; remove it if nobody needs it, or choose another path");
        }
    }

    /// <summary>Puts the socket that was made beside the path there.</summary>
    /// <returns>False: this user may not replace what is there.</returns>
    public static bool TryReplace(string path, string beside)
    {
        try
        {
            File.Move(beside, path, overwrite: true);
            return true;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <param name="error">The system's, when a socket was to be made there.</param>
    /// <param name="path">Where.</param>
    public static Win32Exception Refusal(int error, string path) => Refusal(
        error,
        path,
        error is Errno.AccessDenied or Errno.Perm or ReadOnlySystem
            ? $"{Errno.Describe(error)}; this user may not create or replace files in {FolderOf(path)}: "
                + "change the folder's owner or mode, or choose another path"
            : Errno.Describe(error));

    private static Win32Exception Refusal(int error, string path, string reason) => new(error, $"cannot listen on unix:{path}: {reason}");

    private static string FolderOf(string path) => Path.GetDirectoryName(path) ?? path;

    [System.Runtime.Versioning.SupportedOSPlatform("linux")]
    private static unsafe bool IsOtherFile(string path)
    {
        byte* status = stackalloc byte[StatusBytes];
        return Libc.GetStatus(LibcConstants.CurrentFolder, path, 0, WantsKind, status) == 0
            && (*(ushort*)(status + ModeOffset) & KindBits) != Socket;
    }
}
