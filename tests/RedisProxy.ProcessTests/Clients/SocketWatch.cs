using System.Globalization;
using System.Net;

namespace RedisProxy.ProcessTests.Clients;

/// <summary>
/// Which TCP connections to a port of loopback a process and its children have, as the kernel knows them: so no client needs to be
/// asked, or believed. A connection is its socket's inode number, which is not used again.
/// </summary>
internal static class SocketWatch
{
    private const string Established = "01";
    private const string InodePrefix = "socket:[";

    /// <summary>Empty when the process is gone.</summary>
    public static IReadOnlySet<long> ConnectionsOf(int processId, int port)
    {
        HashSet<long> toPort = ConnectionsTo(port);
        HashSet<long> found = [];
        var processes = new Queue<int>([processId]);
        while (processes.TryDequeue(out int id))
        {
            try
            {
                found.UnionWith(SocketsOf(id).Where(toPort.Contains));
                Children(id).ForEach(processes.Enqueue);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It has just ended.
            }
        }

        return found;
    }

    /// <summary>What the kernel says of a process that does not go on, and of both ends of its connections to a port.</summary>
    public static string Describe(int processId, int port)
    {
        try
        {
            IReadOnlySet<long> own = ConnectionsOf(processId, port);
            string[][] table = [.. Table()];
            string[] addresses = [.. table.Where(fields => own.Contains(Inode(fields))).Select(fields => fields[1])];
            IEnumerable<string> ends = from fields in table
                                       where addresses.Contains(fields[1]) || addresses.Contains(fields[2])
                                       select $"{fields[1]} to {fields[2]}, state {fields[3]}, tx:rx {fields[4]}, timer {fields[5]}";
            string state = File.ReadLines($"/proc/{processId}/status").First(line => line.StartsWith("State", StringComparison.Ordinal));
            return string.Join('\n', ends.Prepend($"process {processId}, {state}"));
        }
        catch (IOException e)
        {
            return e.Message;
        }
    }

    private static HashSet<long> ConnectionsTo(int port)
    {
        // proc(5): sl, local address, remote address, state, queues, timer, retransmits, uid, timeout, inode. Addresses are hexadecimal.
        // Sockets that speak IPv6 as well know the same address by another name.
        string[] remotes = [RemoteText(IPAddress.Loopback, port), RemoteText(IPAddress.Loopback.MapToIPv6(), port)];
        return [.. Table().Where(fields => remotes.Contains(fields[2]) && fields[3] == Established).Select(Inode)];
    }

    private static IEnumerable<string[]> Table() => new[] { "/proc/net/tcp", "/proc/net/tcp6" }.Where(File.Exists)
        .SelectMany(table => File.ReadLines(table).Skip(1))
        .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    private static long Inode(string[] fields) => long.Parse(fields[9], CultureInfo.InvariantCulture);

    // In words of 32 bits, each in this machine's order of bytes.
    private static string RemoteText(IPAddress address, int port) =>
        string.Concat(address.GetAddressBytes().Chunk(4).Select(word => $"{BitConverter.ToUInt32(word):X8}")) + $":{port:X4}";

    private static IEnumerable<long> SocketsOf(int processId) =>
        from file in Directory.EnumerateFileSystemEntries($"/proc/{processId}/fd")
        let target = new FileInfo(file).LinkTarget ?? ""
        where target.StartsWith(InodePrefix, StringComparison.Ordinal)
        select long.Parse(target[InodePrefix.Length..^1], CultureInfo.InvariantCulture);

    private static List<int> Children(int processId) =>
    [
        .. Directory.EnumerateDirectories($"/proc/{processId}/task")
            .SelectMany(task => File.ReadAllText(Path.Combine(task, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Select(id => int.Parse(id, CultureInfo.InvariantCulture)),
    ];
}
