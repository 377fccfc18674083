using System.Globalization;

using RedisProxy.Testing;

namespace RedisProxy.Load.Peers;

/// <summary>
/// Somebody else's forwarder in front of a redis-server: its process, and the port at which it listens. It is ready when it is returned.
/// </summary>
internal sealed class Peer : IAsyncDisposable
{
    private static readonly TimeSpan StartWithin = TimeSpan.FromSeconds(10);

    private readonly TemporaryFolder _folder;

    private Peer(ChildProcess process, TemporaryFolder folder, int port)
    {
        Process = process;
        _folder = folder;
        Port = port;
    }

    public ChildProcess Process { get; }

    public int Port { get; }

    /// <summary>Debian installs servers where only root's PATH leads.</summary>
    public static string Find(string program) => File.Exists($"/usr/sbin/{program}") ? $"/usr/sbin/{program}" : program;

    /// <param name="program">A path, or a name that is looked up in PATH.</param>
    /// <param name="port">At which it will listen.</param>
    /// <param name="configuration">What its file says; <see cref="FolderMark"/> in it becomes the path of a folder of its own.</param>
    /// <param name="arguments">From the paths of that folder and of the file to the words of its command line.</param>
    public static async Task<Peer> StartAsync(
        string program, int port, string configuration, Func<string, string, IEnumerable<string>> arguments)
    {
        string name = Path.GetFileName(program);
        var folder = new TemporaryFolder(name);
        string file = folder.File("configuration");
        await File.WriteAllTextAsync(file, configuration.Replace(FolderMark, folder.Path, StringComparison.Ordinal));
        ChildProcess process = await ChildProcess.StartAsync(name, program, arguments(folder.Path, file), folder.File("log"));
        var peer = new Peer(process, folder, port);
        try
        {
            // Some accept while their backend is down, so a connection alone says nothing.
            await Eventually.Within(StartWithin, () => AnswersAsync(port), $"PING is answered through {name}");
            return peer;
        }
        catch (TimeoutException e)
        {
            await peer.DisposeAsync();
            throw new InvalidOperationException($"{e.Message} Its last lines:\n{process.LogTail}", e);
        }
    }

    public const string FolderMark = "@folder@";

    public static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    public async ValueTask DisposeAsync()
    {
        await Process.DisposeAsync();
        _folder.Dispose();
    }

    private static async Task<bool> AnswersAsync(int port)
    {
        using RawClient client = await RawClient.ConnectAsync(port);
        return (await client.CallAsync("PING")).Text == "PONG";
    }
}
