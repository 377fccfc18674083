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

    [LinuxFact]
    public void Path_OfAFolder_IsRefusedWithAnExample() => Each((transport, path) =>
    {
        Directory.CreateDirectory(path);
        Assert.Equal($"this is a folder; name a file in it, such as unix:{path}/redisproxy.sock", RefusalOf(transport, path));
    });

    [LinuxFact]
    public void Path_InAFolderThatThereIsNot_IsRefused() => Each((transport, path) =>
    {
        Assert.StartsWith($"there is no folder {path}, or ", RefusalOf(transport, $"{path}/s"), StringComparison.Ordinal);
        File.WriteAllText(path, "");
        Assert.Equal($"{path} is no folder; choose another path", RefusalOf(transport, $"{path}/s"));
    });

    [LinuxFact]
    public void File_ThatIsNoSocket_Stays() => Each((transport, path) =>
    {
        foreach (string file in new[] { path, path + SocketPath.Beside })
        {
            int socket = transport.ListenUnix(path);
            File.WriteAllText($"{path}.new", "data");
            File.Move($"{path}.new", file, overwrite: true);
            Assert.StartsWith("a file that is no socket is there; remove it", RefusalOf(transport, path, file), StringComparison.Ordinal);
            Assert.Equal("data", File.ReadAllText(file));
            File.Delete(file);
            transport.Close(socket);
        }
    });

    // There are no folders that root may not write to, but in sysfs(5) nobody can create a file.
    [LinuxFact]
    public void Path_WhereNoFileCanBeCreated_IsRefusedWithAdvice() => Each((transport, _) => Assert.EndsWith(
        "; this user may not create or replace files in /sys: change the folder's owner or mode, or choose another path",
        RefusalOf(transport, "/sys/s"),
        StringComparison.Ordinal));

    private static string RefusalOf(SocketTransport transport, string path, string? refused = null)
    {
        Win32Exception refusal = Assert.Throws<Win32Exception>(() => transport.ListenUnix(path, takesOver: true));

        // Not one for which a successor would help.
        Assert.NotEqual(Errno.AddressInUse, refusal.NativeErrorCode);
        string head = $"cannot listen on unix:{refused ?? path}: ";
        Assert.StartsWith(head, refusal.Message, StringComparison.Ordinal);
        return refusal.Message[head.Length..];
    }

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
