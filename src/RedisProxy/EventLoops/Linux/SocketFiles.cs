using System.ComponentModel;
using System.Globalization;
using System.Runtime.Versioning;

namespace RedisProxy.EventLoops;

/// <summary>Gives the file of a unix socket its group and its mode. Called before the socket listens, while nobody can connect.</summary>
[SupportedOSPlatform("linux")]
internal static unsafe class SocketFiles
{
    // The names of all members are read with it.
    private const int MinGroupBytes = 16 * 1024;
    private const int MaxGroupBytes = 16 * 1024 * 1024;
    private const int OutOfRange = 34;

    // struct group: two pointers, then the number.
    private const int NumberOffset = 16;

    /// <param name="path">The file.</param>
    /// <param name="access">Who may connect.</param>
    /// <exception cref="Win32Exception">There is no such group, or this user may not give a file to it.</exception>
    public static void Apply(string path, SocketFile access)
    {
        if (access.Group is { } group && Libc.ChangeOwner(path, uint.MaxValue, NumberOf(group)) != 0)
        {
            int error = Errno.Last;
            throw new Win32Exception(error, $"cannot give it to the group '{group}': {Errno.Describe(error)}");
        }

        // After the group, because a change of it may take permissions away.
        if (access.Mode is { } mode)
        {
            File.SetUnixFileMode(path, mode);
        }
    }

    private static uint NumberOf(string group)
    {
        if (uint.TryParse(group, NumberStyles.None, CultureInfo.InvariantCulture, out uint number))
        {
            return number;
        }

        byte* entry = stackalloc byte[64];
        for (int size = MinGroupBytes; ; size *= 2)
        {
            byte* found = null;
            fixed (byte* strings = new byte[size])
            {
                int error = Libc.FindGroup(group, entry, strings, (nuint)size, &found);
                if (found is not null)
                {
                    return *(uint*)(entry + NumberOffset);
                }

                if (error != OutOfRange || size >= MaxGroupBytes)
                {
                    throw new Win32Exception(error, $"there is no group '{group}'");
                }
            }
        }
    }
}
