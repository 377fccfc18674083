using System.ComponentModel;
using System.Runtime.Versioning;

using RedisProxy.EventLoops;
using RedisProxy.Testing;

namespace RedisProxy.Tests.EventLoops;

/// <summary>Who may connect to a unix socket.</summary>
[SupportedOSPlatform("linux")]
public sealed class SocketFileTests
{
    private const UnixFileMode UserAndGroup =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;

    [LinuxFact]
    public void File_HasTheModeWhateverTheUmaskIs() => Each((transport, path) =>
    {
        int socket = transport.ListenUnix(path, access: new SocketFile(UserAndGroup, Group: null));
        Assert.Equal(UserAndGroup, File.GetUnixFileMode(path));
        Assert.True(transport.IsServed(path));
        transport.Close(socket);
    });

    [LinuxFact]
    public void File_OfAGroupThatThereIsNot_IsNotServed() => Each((transport, path) =>
    {
        var refused = Assert.Throws<Win32Exception>(() => transport.ListenUnix(path, access: new SocketFile(Mode: null, "no-such-group")));
        Assert.Equal($"cannot listen on unix:{path}: there is no group 'no-such-group'", refused.Message);
        Assert.Empty(Directory.GetFiles(Path.GetDirectoryName(path)!));
    });

    /// <summary>Only root may give a file to any group.</summary>
    [LinuxFact]
    public void File_IsOfTheGroup() => Each((transport, path) =>
    {
        foreach ((string group, uint number) in new[] { ("nogroup", 65534u), ("65533", 65533u) })
        {
            var access = new SocketFile(UserAndGroup, group);
            if (Environment.IsPrivilegedProcess)
            {
                int socket = transport.ListenUnix(path, access: access);
                Assert.Equal((number, UserAndGroup), (GroupOf(path), File.GetUnixFileMode(path)));
                transport.Close(socket);
            }
            else
            {
                Assert.Contains("cannot give it", Assert.Throws<Win32Exception>(() => transport.ListenUnix(path, access: access)).Message);
            }
        }
    });

    private static void Each(Action<SocketTransport, string> test)
    {
        foreach (SocketTransport transport in new SocketTransport[] { new EpollTransport(), new PipelinesTransport() })
        {
            using var folder = new TemporaryFolder();
            test(transport, folder.File("s"));
        }
    }

    // struct statx: stx_gid is the seventh of its first words.
    private static unsafe uint GroupOf(string path)
    {
        byte* status = stackalloc byte[256];
        Assert.Equal(0, Libc.GetStatus(-100, path, 0, 0x10, status));
        return ((uint*)status)[6];
    }
}
